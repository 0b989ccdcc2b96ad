import { Text, Tooltip, VisuallyHidden } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import classes from './DayChart.module.css';
import { chartHours, type Hour } from './hours';

/** Calls by hour of today: bars for the eye, a table for the screen reader. */
export function DayChart({ hours }: { hours: Hour[] }) {
  const { t } = useTranslation();
  const shown = chartHours(hours);
  if (shown.length === 0) {
    return (
      <Text size="sm" c="dimmed" mt="sm">
        {t('chart.empty')}
      </Text>
    );
  }
  // missed calls are a part of the incoming ones
  const max = Math.max(...shown.map((hour) => hour.in + hour.out));
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
              <div className={classes.bar} style={{ height: `${((hour.in - hour.missed + hour.out) / max) * 100}%` }} />
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
