import { Button, Group, Select, Text } from '@mantine/core';
import { keepPreviousData, useInfiniteQuery, useQuery } from '@tanstack/react-query';
import { IconAdjustmentsHorizontal, IconFilterOff, IconHistoryOff } from '@tabler/icons-react';
import { useMemo, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Link, useLocation, useNavigate, useParams } from 'react-router';
import { api, send } from '@/api/client';
import type { CallRecord } from '@/api/types';
import { useCan } from '@/app/session';
import { dayKey } from '@/format/time';
import { useFormat } from '@/format/useFormat';
import { usersQuery } from '@/parts/clientQueries';
import { Screen } from '@/parts/Screen';
import classes from '@/parts/Screen.module.css';
import { SearchField } from '@/parts/SearchField';
import { Empty, Failure, Lines } from '@/parts/States';
import { useNarrow } from '@/parts/useNarrow';
import { useParam } from '@/parts/useParam';
import { VirtualTable } from '@/parts/VirtualTable';
import { CallDetails } from './CallDetails';
import { ExportButton } from './ExportButton';
import { MoreFilters } from './MoreFilters';
import { CallCards, useCallColumns } from './rows';
import { directions, folded, noFilters, periods, readFilters, results, toQuery } from './filters';

/** «Журнал звонков» (AF-03): filters in the address, rows as they are scrolled to. */
export function Journal() {
  const { t } = useTranslation();
  const navigate = useNavigate();
  const { search } = useLocation();
  const { callId } = useParams();
  const can = useCan();
  const { timeZone } = useFormat();
  const { params, set } = useParam();
  const narrow = useNarrow();
  const filters = readFilters(params);
  const inFold = folded(filters);
  const [more, setMore] = useState(inFold > 0);
  const users = useQuery({ ...usersQuery, enabled: can('calls.read_all') });
  const query = useInfiniteQuery({
    queryKey: ['calls', 'list', filters, dayKey(new Date(), timeZone)],
    queryFn: ({ pageParam, signal }) =>
      send(
        api.GET('/calls', {
          params: { query: { ...toQuery(filters, new Date(), timeZone), limit: 100, cursor: pageParam ?? undefined } },
          signal,
        }),
      ),
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.next_cursor || null,
    placeholderData: keepPreviousData,
    // new calls of others appear by themselves while the top is in view
    refetchInterval: ({ state }) => ((state.data?.pages.length ?? 0) > 1 ? false : 30_000),
  });
  const rows = useMemo(() => query.data?.pages.flatMap((page) => page.items ?? []) ?? [], [query.data]);
  const columns = useCallColumns();
  const open = (call: CallRecord) => void navigate(`/calls/${call.id}${search}`);
  const readOn = () => {
    if (!query.isFetchingNextPage) void query.fetchNextPage();
  };
  const filtered = [...params.keys()].some((key) => key !== 'period');
  return (
    <Screen
      fill
      title={t('nav.calls')}
      actions={
        <>
          <Button component={Link} to="/missed" variant="default" size="sm" hiddenFrom="sm">
            {t('missed.title')}
          </Button>
          {can('calls.read') && <ExportButton filters={filters} disabled={rows.length === 0} />}
        </>
      }
      filters={
        <>
          <SearchField value={filters.q} label={t('calls.search')} onChange={(q) => set({ q })} />
          <Select
            aria-label={t('calls.period')}
            allowDeselect={false}
            data={periods.map((value) => ({ value, label: t(`period.${value}`) }))}
            value={filters.period}
            onChange={(value) => set({ period: value === 'week' ? null : value })}
            w={{ base: '48%', sm: 150 }}
            flex={{ base: '1 1 40%', sm: 'none' }}
          />
          <Select
            aria-label={t('calls.direction')}
            placeholder={t('calls.direction')}
            clearable
            data={directions.map((value) => ({ value, label: t(`direction.${value}`) }))}
            value={filters.direction}
            onChange={(value) => set({ direction: value })}
            w={{ base: '48%', sm: 150 }}
            flex={{ base: '1 1 40%', sm: 'none' }}
          />
          <Select
            aria-label={t('calls.result')}
            placeholder={t('calls.result')}
            clearable
            data={results.map((value) => ({ value, label: t(`result.${value}`) }))}
            value={filters.result}
            onChange={(value) => set({ result: value })}
            w={{ base: '48%', sm: 150 }}
            flex={{ base: '1 1 40%', sm: 'none' }}
          />
          {can('calls.read_all') && (
            <Select
              aria-label={t('calls.user')}
              placeholder={t('calls.user')}
              clearable
              searchable
              data={(users.data?.items ?? []).map((user) => ({ value: String(user.id), label: user.name }))}
              value={filters.user ? String(filters.user) : null}
              onChange={(value) => set({ user: value })}
              w={{ base: '48%', sm: 180 }}
              flex={{ base: '1 1 40%', sm: 'none' }}
            />
          )}
          <Button
            variant={filters.unmatched ? 'filled' : 'default'}
            aria-pressed={filters.unmatched}
            onClick={() => set({ unmatched: filters.unmatched ? null : 'true' })}
          >
            {t('calls.unmatched')}
          </Button>
          <Button
            variant={inFold > 0 ? 'light' : 'default'}
            aria-expanded={more}
            leftSection={<IconAdjustmentsHorizontal size={16} />}
            onClick={() => setMore(!more)}
          >
            {inFold > 0 ? t('calls.more_set', { number: inFold }) : t('calls.more')}
          </Button>
          {filtered && (
            <Button
              variant="subtle"
              color="gray"
              size="compact-sm"
              leftSection={<IconFilterOff size={16} />}
              onClick={() => set(noFilters)}
            >
              {t('calls.reset')}
            </Button>
          )}
          {more && <MoreFilters filters={filters} set={set} />}
        </>
      }
    >
      <div className={classes.sheet}>
        {query.error ? (
          <Failure error={query.error} onRetry={() => void query.refetch()} />
        ) : query.isPending ? (
          <Lines count={8} />
        ) : rows.length === 0 ? (
          <Empty icon={IconHistoryOff} title={t('calls.empty')} text={t('calls.empty_text')} />
        ) : narrow ? (
          <CallCards rows={rows} onOpen={open} hasMore={query.hasNextPage} busy={query.isFetchingNextPage} onMore={readOn} />
        ) : (
          <VirtualTable
            label={t('nav.calls')}
            rows={rows}
            columns={columns}
            rowKey={(row) => row.id}
            rowLabel={(row) => [row.client_name || row.number.display, t(`direction.${row.direction}`)].join(', ')}
            onOpen={open}
            hasMore={query.hasNextPage}
            onMore={readOn}
          />
        )}
      </div>
      {typeof query.data?.pages[0]?.total === 'number' && (
        <Group justify="flex-end" mt={6}>
          <Text size="xs" c="dimmed">
            {t('calls.total', { count: query.data.pages[0].total })}
          </Text>
        </Group>
      )}
      {callId && <CallDetails id={callId} onClose={() => void navigate(`/calls${search}`)} />}
    </Screen>
  );
}
