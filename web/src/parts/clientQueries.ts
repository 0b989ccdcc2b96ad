import { infiniteQueryOptions, keepPreviousData, queryOptions } from '@tanstack/react-query';
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

/** What the search box finds; an empty text asks nothing. */
export const searchQuery = (text: string) =>
  queryOptions({
    queryKey: ['search', text],
    queryFn: ({ signal }) => send(api.GET('/search', { params: { query: { q: text, limit: 10 } }, signal })),
    enabled: text.length > 0,
    placeholderData: keepPreviousData,
  });

/** One line for each client, whichever of its people was found. */
export const oneEach = <Hit extends { client_id?: number }>(hits: readonly Hit[]) =>
  hits.filter((hit, index) => hit.client_id && hits.findIndex((other) => other.client_id === hit.client_id) === index);
