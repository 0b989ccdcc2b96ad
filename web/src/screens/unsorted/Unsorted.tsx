import { Button, Group } from '@mantine/core';
import { useInfiniteQuery } from '@tanstack/react-query';
import { IconSearch, IconUserCheck } from '@tabler/icons-react';
import { useTranslation } from 'react-i18next';
import { api, send } from '@/api/client';
import { Screen } from '@/parts/Screen';
import classes from '@/parts/Screen.module.css';
import { SearchField } from '@/parts/SearchField';
import { Empty, Failure, Lines } from '@/parts/States';
import { useParam } from '@/parts/useParam';
import { UnsortedRow } from './UnsortedRow';

/** Numbers that nobody has been found for, the last to call first (LU-05). */
export function UnsortedPage() {
  const { t } = useTranslation();
  const { params, set } = useParam();
  const q = params.get('q') ?? '';
  const query = useInfiniteQuery({
    queryKey: ['unsorted', q],
    queryFn: ({ pageParam, signal }) =>
      send(api.GET('/unsorted', { params: { query: { q: q || undefined, limit: 50, cursor: pageParam ?? undefined } }, signal })),
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.next_cursor || null,
    staleTime: 0, // calls come while another screen is open
  });
  const rows = query.data?.pages.flatMap((page) => page.items ?? []) ?? [];
  return (
    <Screen fill title={t('unsorted.title')} filters={<SearchField value={q} label={t('unsorted.search')} onChange={(text) => set({ q: text })} />}>
      <div className={classes.sheet}>
        {query.error ? (
          <Failure error={query.error} onRetry={() => void query.refetch()} />
        ) : query.isPending ? (
          <Lines count={6} />
        ) : rows.length === 0 ? (
          q ? (
            <Empty icon={IconSearch} title={t('find.nothing')} text={t('unsorted.nothing_text')} />
          ) : (
            <Empty icon={IconUserCheck} title={t('unsorted.empty')} text={t('unsorted.empty_text')} />
          )
        ) : (
          <div className={classes.list} role="list" aria-label={t('unsorted.title')}>
            {rows.map((row) => (
              <UnsortedRow key={row.last_call_id} row={row} />
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
