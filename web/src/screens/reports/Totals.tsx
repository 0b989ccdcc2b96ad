import { SimpleGrid, Text } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import type { ReportRow } from '@/api/types';
import { useFormat } from '@/format/useFormat';
import classes from '@/parts/Screen.module.css';
import { percent } from './percent';

/** The period at a glance. */
export function Totals({ total }: { total: ReportRow }) {
  const { t } = useTranslation();
  const format = useFormat();
  const time = (ms: number | null | undefined) => (typeof ms === 'number' ? format.duration(ms) : t('report.none'));
  const tiles: [string, string, string?][] = [
    [t('report.inbound'), format.number(total.inbound), `${t('report.missed')}: ${format.number(total.missed)}`],
    [t('report.answered_share'), percent(total.answered_share), `${t('report.sla_share')}: ${percent(total.sla_share)}`],
    [t('report.outbound'), format.number(total.outbound), `${t('report.answered')}: ${format.number(total.outbound_answered)}`],
    [t('report.wait'), time(total.wait.avg_ms), `${t('report.p90')} ${time(total.wait.p90_ms)}`],
    [t('report.talk'), time(total.talk.avg_ms), `${t('report.p90')} ${time(total.talk.p90_ms)}`],
    [t('report.call_back'), time(total.call_back.p50_ms), `${t('report.called_back')}: ${total.called_back} / ${total.missed_callers}`],
  ];
  return (
    <SimpleGrid cols={{ base: 2, sm: 3, lg: 6 }} spacing="md">
      {tiles.map(([label, value, small]) => (
        <div key={label} className={classes.card}>
          <Text size="sm" c="dimmed">
            {label}
          </Text>
          <Text fz={22} fw={700} className="tabular">
            {value}
          </Text>
          <Text size="xs" c="dimmed" className="tabular">
            {small}
          </Text>
        </div>
      ))}
    </SimpleGrid>
  );
}
