import { Select } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import { api, send } from '@/api/client';
import type { useParam } from '@/parts/useParam';
import { ClientFilter } from './ClientFilter';
import { orders, type Filters } from './filters';

const yesNo = ['true', 'false'] as const;

/** The seldom used filters of the journal, and its order. */
export function MoreFilters({ filters, set }: { filters: Filters; set: ReturnType<typeof useParam>['set'] }) {
  const { t } = useTranslation();
  const { data } = useQuery({ queryKey: ['queues'], queryFn: ({ signal }) => send(api.GET('/queues', { signal })) });
  // a queue that the PBX has no longer still has its calls in the journal
  const names = new Set([...(data?.items ?? []).map((queue) => queue.name), filters.queue].filter(Boolean));
  const place = { w: { base: '48%', sm: 165 }, flex: { base: '1 1 40%', sm: 'none' } };
  return (
    <>
      <ClientFilter {...place} client={filters.client} onChange={(id) => set({ client: id })} />
      <Select
        {...place}
        aria-label={t('calls.queue')}
        placeholder={t('calls.queue')}
        nothingFoundMessage={t('calls.no_queues')}
        clearable
        searchable
        data={[...names].sort()}
        value={filters.queue || null}
        onChange={(value) => set({ queue: value })}
      />
      <Select
        {...place}
        aria-label={t('calls.recorded')}
        placeholder={t('calls.recorded')}
        clearable
        data={yesNo.map((value) => ({ value, label: t(`calls.recorded_${value}`) }))}
        value={filters.recorded}
        onChange={(value) => set({ recorded: value })}
      />
      <Select
        {...place}
        aria-label={t('calls.transferred')}
        placeholder={t('calls.transferred')}
        clearable
        data={yesNo.map((value) => ({ value, label: t(`calls.transferred_${value}`) }))}
        value={filters.transferred}
        onChange={(value) => set({ transferred: value })}
      />
      <Select
        {...place}
        aria-label={t('calls.order')}
        allowDeselect={false}
        data={orders.map((value) => ({ value, label: t(`calls.order_${value}`) }))}
        value={filters.order}
        onChange={(value) => set({ order: value === 'newest' ? null : value })}
      />
    </>
  );
}
