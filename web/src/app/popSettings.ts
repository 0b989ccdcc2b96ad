import { queryOptions, useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { api, send } from '@/api/client';
import type { PopSettings } from '@/api/types';

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

/** Changes some of them; the page follows at once. */
export function useChangePop() {
  const cache = useQueryClient();
  return useMutation({
    mutationFn: async (change: Partial<PopSettings>) => {
      const now = await cache.ensureQueryData(popQuery);
      return send(api.PUT('/me/settings', { body: { ...now, ...change } }));
    },
    onMutate: (change) => cache.setQueryData(popQuery.queryKey, (now) => now && { ...now, ...change }),
    onSuccess: (now) => cache.setQueryData(popQuery.queryKey, now),
    onError: () => cache.invalidateQueries({ queryKey: popQuery.queryKey }),
    // two quick clicks are two requests, in their order
    scope: { id: 'pop-settings' },
  });
}
