import { infiniteQueryOptions, queryOptions } from '@tanstack/react-query';
import { api, send } from '@/api/client';

/** Everything about a client is below ['client', id], so one call refetches it all. */
export const clientQuery = (id: number) =>
  queryOptions({
    queryKey: ['client', id, 'card'],
    queryFn: ({ signal }) => send(api.GET('/clients/{id}', { params: { path: { id } }, signal })),
  });

export type HistoryKind = 'call' | 'note' | 'system';

export const historyQuery = (id: number, kind: HistoryKind | null) =>
  infiniteQueryOptions({
    queryKey: ['client', id, 'history', kind],
    queryFn: ({ pageParam, signal }) =>
      send(
        api.GET('/clients/{id}/history', {
          params: { path: { id }, query: { kind: kind ? [kind] : undefined, limit: 30, cursor: pageParam ?? undefined } },
          signal,
        }),
      ),
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.next_cursor || null,
  });

export const groupsQuery = queryOptions({
  queryKey: ['groups'],
  queryFn: () => send(api.GET('/groups')),
});

export const usersQuery = queryOptions({
  queryKey: ['users', 'names'],
  queryFn: () => send(api.GET('/users/names')),
  staleTime: 300_000,
});
