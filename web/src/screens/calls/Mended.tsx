import { Group, Table, Text, Title } from '@mantine/core';
import { IconHistoryToggle } from '@tabler/icons-react';
import type { TFunction } from 'i18next';
import { useTranslation } from 'react-i18next';
import type { CallRecord } from '@/api/types';
import { useFormat, type Format } from '@/format/useFormat';
import { displayNumber } from '@/format/text';

/**
 * What of a call was not seen, whether it will be known, and what the PBX's
 * own records have corrected (PB-04).
 */
export function Mended({ call }: { call: CallRecord }) {
  const { t } = useTranslation();
  const format = useFormat();
  const estimated = call.estimated ?? [];
  const corrections = call.corrections ?? [];
  if (!call.recovered && estimated.length === 0 && corrections.length === 0) return null;
  const fields = estimated.map((field) => fieldName(t, field)).join(', ');
  return (
    <section aria-label={t('mended.title')}>
      <Group gap={8} mb={6}>
        <IconHistoryToggle size={18} aria-hidden style={{ color: 'var(--rc-yellow)' }} />
        <Title order={2} fz={16}>
          {t('mended.title')}
        </Title>
      </Group>
      {call.recovered && <Text size="sm">{t('mended.recovered')}</Text>}
      {fields && <Text size="sm">{t('mended.estimated', { fields })}</Text>}
      {(call.cdr === 'awaited' || (call.cdr === 'none' && fields)) && (
        <Text size="sm" c="dimmed">
          {t(`mended.cdr_${call.cdr}`)}
        </Text>
      )}
      {corrections.length > 0 && (
        <Table mt="xs" fz="sm" verticalSpacing={4} horizontalSpacing={6} aria-label={t('mended.corrected')}>
          <Table.Thead>
            <Table.Tr>
              <Table.Th>{t('mended.corrected')}</Table.Th>
              <Table.Th>{t('mended.old')}</Table.Th>
              <Table.Th>{t('mended.new')}</Table.Th>
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {corrections.map((each) => (
              <Table.Tr key={`${each.field} ${each.at}`}>
                <Table.Td>{fieldName(t, each.field)}</Table.Td>
                <Table.Td c="dimmed">{valueText(t, format, each.field, each.old)}</Table.Td>
                <Table.Td fw={500}>{valueText(t, format, each.field, each.new)}</Table.Td>
              </Table.Tr>
            ))}
          </Table.Tbody>
        </Table>
      )}
      {corrections[0] && (
        <Text size="xs" c="dimmed" mt={4}>
          {t('mended.source', { source: corrections[0].source, time: format.moment(corrections[0].at) })}
        </Text>
      )}
    </section>
  );
}

/** A field of the record by its JSON name; one that a newer server knows stays as it came. */
export function fieldName(t: TFunction, field: string): string {
  return t(`mended.field.${field}` as 'mended.field.did', { defaultValue: field });
}

/** A value of a field as people read it: times, results and sides in words. */
export function valueText(t: TFunction, format: Pick<Format, 'clock' | 'duration'>, field: string, value: string): string {
  if (value === '' || (field === 'cause' && value === '0')) return '—';
  if (field.endsWith('_at') && !Number.isNaN(Date.parse(value))) return format.clock(value);
  if (field.endsWith('_ms') && Number.isFinite(Number(value))) return format.duration(Number(value));
  if (field === 'disposition') return t(`why.disposition.${value}` as 'why.disposition.busy', { defaultValue: value });
  if (field === 'ended_by') return t(`why.by.${value}` as 'why.by.client', { defaultValue: value });
  if (field === 'did') return displayNumber(value);
  return value;
}
