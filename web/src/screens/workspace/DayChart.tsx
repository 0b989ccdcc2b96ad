import { Text, Tooltip, VisuallyHidden } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import type { CallSummary } from '@/api/types';
import classes from './DayChart.module.css';

type Hour = NonNullable<CallSummary['by_hour']>[number];

/** Calls by hour of today: bars for the eye, a table for the screen reader. */
export function DayChart({ hours }: { hours: Hour[] }) {
  const { t } = useTranslation();
  const totals = hours.map((hour) => hour.in + hour.out + hour.missed);
  const first = totals.findIndex((total) => total > 0);
  if (first < 0) {
    return (
      <Text size="sm" c="dimmed" mt="sm">
        {t('chart.empty')}
      </Text>
    );
  }
  // at least eight hours, so that the first call of a day is not one huge bar
  const last = totals.findLastIndex((total) => total > 0);
  const from = Math.max(0, Math.min(first, last - 7));
  const shown = hours.slice(from, Math.max(last + 1, from + 8));
  const max = Math.max(...totals);
  const step = Math.ceil(shown.length / 4);
  return (
    <figure className={classes.chart} aria-label={t('chart.label')}>
      <div className={classes.bars} aria-hidden>
        {shown.map((hour) => (
          <Tooltip
            key={hour.hour}
            label={t('chart.hour', { hour: hour.hour, incoming: hour.in, out: hour.out, missed: hour.missed })}
          >
            <div className={classes.slot}>
              <div className={classes.missed} style={{ height: `${(hour.missed / max) * 100}%` }} />
              <div className={classes.bar} style={{ height: `${((hour.in + hour.out) / max) * 100}%` }} />
            </div>
          </Tooltip>
        ))}
      </div>
      <div className={classes.axis} aria-hidden>
        {shown.map((hour, index) => (
          <span key={hour.hour}>{index % step === 0 ? hour.hour : ''}</span>
        ))}
      </div>
      <VisuallyHidden>
        <table>
          <caption>{t('chart.label')}</caption>
          <tbody>
            {shown.map((hour) => (
              <tr key={hour.hour}>
                <th scope="row">{hour.hour}</th>
                <td>{t('chart.hour', { hour: hour.hour, incoming: hour.in, out: hour.out, missed: hour.missed })}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </VisuallyHidden>
    </figure>
  );
}
