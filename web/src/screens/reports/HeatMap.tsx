import { Tooltip } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import type { ReportRow } from '@/api/types';
import own from './Reports.module.css';

const MONDAY = Date.UTC(2024, 0, 1);
const DAY = 86_400_000;

/** Calls by weekday and hour: the darker, the busier. */
export function HeatMap({ rows }: { rows: ReportRow[] }) {
  const { t, i18n } = useTranslation();
  const calls = new Map(rows.map((row) => [row.key, row.calls]));
  const most = Math.max(...calls.values(), 1);
  const hours = [...new Set(rows.map((row) => Number(row.key.split('-')[1])))];
  const first = Math.min(...hours);
  const shown = Array.from({ length: Math.max(...hours) - first + 1 }, (_, index) => first + index);
  const weekday = new Intl.DateTimeFormat(i18n.language, { weekday: 'short', timeZone: 'UTC' });
  return (
    <table className={own.heat} aria-label={t('report.by.heat')}>
      <thead>
        <tr>
          <td />
          {shown.map((hour) => (
            <th key={hour} scope="col">
              {hour}
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        {Array.from({ length: 7 }, (_, index) => {
          const day = weekday.format(MONDAY + index * DAY);
          return (
            <tr key={day}>
              <th scope="row">{day}</th>
              {shown.map((hour) => {
                const count = calls.get(`${index + 1}-${String(hour).padStart(2, '0')}`) ?? 0;
                return (
                  <Tooltip key={hour} label={t('report.heat_cell', { day, hour, count })}>
                    <td style={{ '--heat': count / most } as React.CSSProperties}>{count || ''}</td>
                  </Tooltip>
                );
              })}
            </tr>
          );
        })}
      </tbody>
    </table>
  );
}
