import { Button, Group, SegmentedControl } from '@mantine/core';
import { useInfiniteQuery } from '@tanstack/react-query';
import { IconPhoneCheck } from '@tabler/icons-react';
import { useTranslation } from 'react-i18next';
import { api, send } from '@/api/client';
import { useCan } from '@/app/session';
import { Screen } from '@/parts/Screen';
import classes from '@/parts/Screen.module.css';
import { Empty, Failure, Lines } from '@/parts/States';
import { useParam } from '@/parts/useParam';
import { MissedRow } from './MissedRow';

/** Missed callers: each waits until somebody has talked with him (AF-02). */
export function Missed() {
  const { t } = useTranslation();
  const can = useCan();
  const { params, set } = useParam();
  const state = params.get('state') === 'closed' ? 'closed' : 'open';
  const mine = params.get('owner') === 'me';
  const query = useInfiniteQuery({
    queryKey: ['obligations', 'list', state, mine],
    queryFn: ({ pageParam, signal }) =>
      send(
        api.GET('/obligations', {
          params: { query: { state, owner: mine ? 'me' : undefined, limit: 50, cursor: pageParam ?? undefined } },
          signal,
        }),
      ),
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.next_cursor || null,
    refetchInterval: 60_000, // overdue is a matter of time
  });
  const rows = query.data?.pages.flatMap((page) => page.items ?? []) ?? [];
  return (
    <Screen
      fill
      title={t('missed.title')}
      filters={
        <>
          <SegmentedControl
            aria-label={t('missed.title')}
            value={state}
            onChange={(value) => set({ state: value === 'open' ? null : value })}
            data={(['open', 'closed'] as const).map((value) => ({ value, label: t(`missed.${value}`) }))}
          />
          {can('calls.dial') && (
            <SegmentedControl
              aria-label={t('missed.owner')}
              value={mine ? 'mine' : 'all'}
              onChange={(value) => set({ owner: value === 'mine' ? 'me' : null })}
              data={(['all', 'mine'] as const).map((value) => ({ value, label: t(`missed.${value}`) }))}
            />
          )}
        </>
      }
    >
      <div className={classes.sheet}>
        {query.error ? (
          <Failure error={query.error} onRetry={() => void query.refetch()} />
        ) : query.isPending ? (
          <Lines count={6} />
        ) : rows.length === 0 ? (
          <Empty
            icon={IconPhoneCheck}
            title={t(state === 'open' ? 'missed.empty' : 'missed.empty_closed')}
            text={state === 'open' ? t('missed.empty_text') : undefined}
          />
        ) : (
          <div className={classes.list}>
            {rows.map((row) => (
              <MissedRow key={row.id} row={row} />
            ))}
            {query.hasNextPage && (
              <Group justify="center" p="sm">
                <Button variant="default" loading={query.isFetchingNextPage} onClick={() => void query.fetchNextPage()}>
                  {t('action.more')}
                </Button>
              </Group>
            )}
          </div>
        )}
      </div>
    </Screen>
  );
}
