import { queryOptions, useQuery, useQueryClient } from '@tanstack/react-query';
import { api, send } from '@/api/client';
import type { PopSettings } from '@/api/types';
import { useChange } from './useChange';

export const popQuery = queryOptions({
  queryKey: ['pop-settings'],
  queryFn: ({ signal }) => send(api.GET('/me/settings', { signal })),
  staleTime: Infinity,
});

/** Holds until the server has answered; sounds and windows wait for it. */
const quiet: PopSettings = { mode: 'ring', notify: false, sound: false, open_card: 'never', link: '' };

/** How the user wants to be told of calls; the server keeps to `mode` itself (PU-07). */
export function usePopSettings(): PopSettings {
  return useQuery(popQuery).data ?? quiet;
}

/** Changes some of them. */
export function useChangePop() {
  const cache = useQueryClient();
  return useChange<PopSettings, Partial<PopSettings>>({
    queryKey: popQuery.queryKey,
    write: async (change) => send(api.PUT('/me/settings', { body: { ...(await cache.ensureQueryData(popQuery)), ...change } })),
  });
}
