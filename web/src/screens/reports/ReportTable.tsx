import { Table, Text } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import type { CallReport, ReportRow } from '@/api/types';
import { displayNumber } from '@/format/text';
import { useFormat } from '@/format/useFormat';
import own from './Reports.module.css';
import { percent } from './percent';

/** A row for each group with a bar of its calls, and the total. */
export function ReportTable({ report }: { report: CallReport }) {
  const { t } = useTranslation();
  const format = useFormat();
  const rows = report.rows ?? [];
  const most = Math.max(...rows.map((row) => row.calls), 1);
  const time = (ms: number | null | undefined) => (typeof ms === 'number' ? format.duration(ms) : t('report.none'));
  const name = (row: ReportRow) => {
    if (row.label) return row.label;
    if (!row.key) return t('report.unknown');
    switch (report.group_by) {
      case 'day':
        return format.date(row.key);
      case 'hour':
        return `${row.key}:00`;
      case 'did':
        return displayNumber(row.key);
      default:
        return row.key;
    }
  };
  const cells = (row: ReportRow) => (
    <>
      <Table.Td ta="right">{format.number(row.inbound)}</Table.Td>
      <Table.Td ta="right">{format.number(row.answered)}</Table.Td>
      <Table.Td ta="right" c={row.missed > 0 ? 'var(--rc-red)' : undefined}>
        {format.number(row.missed)}
      </Table.Td>
      <Table.Td ta="right">{percent(row.answered_share)}</Table.Td>
      <Table.Td ta="right">{percent(row.sla_share)}</Table.Td>
      <Table.Td ta="right">{format.number(row.outbound)}</Table.Td>
      <Table.Td ta="right">{time(row.wait.avg_ms)}</Table.Td>
      <Table.Td ta="right">{time(row.talk.avg_ms)}</Table.Td>
      <Table.Td ta="right">{time(row.call_back.p50_ms)}</Table.Td>
    </>
  );
  const heads = ['inbound', 'answered', 'missed', 'answered_share', 'sla_share', 'outbound', 'wait', 'talk', 'call_back'] as const;
  return (
    <Table className="tabular" verticalSpacing={8} style={{ whiteSpace: 'nowrap' }} aria-label={t(`report.by.${report.group_by}`)}>
      <Table.Thead>
        <Table.Tr>
          <Table.Th>{t(`report.by.${report.group_by}`)}</Table.Th>
          <Table.Th w="20%" miw={120}>{t('report.calls')}</Table.Th>
          {heads.map((each) => (
            <Table.Th key={each} ta="right">
              {t(`report.${each}`)}
            </Table.Th>
          ))}
        </Table.Tr>
      </Table.Thead>
      <Table.Tbody>
        {rows.map((row) => (
          <Table.Tr key={row.key}>
            <Table.Td>{name(row)}</Table.Td>
            <Table.Td>
              <div className={own.bar}>
                <div className={own.missed} style={{ width: `${(row.missed / most) * 100}%` }} />
                <div className={own.rest} style={{ width: `${((row.calls - row.missed) / most) * 100}%` }} />
                <Text span size="xs" ml={6}>
                  {format.number(row.calls)}
                </Text>
              </div>
            </Table.Td>
            {cells(row)}
          </Table.Tr>
        ))}
      </Table.Tbody>
      <Table.Tfoot>
        <Table.Tr fw={600}>
          <Table.Td>{t('report.total')}</Table.Td>
          <Table.Td>{format.number(report.total.calls)}</Table.Td>
          {cells(report.total)}
        </Table.Tr>
      </Table.Tfoot>
    </Table>
  );
}
