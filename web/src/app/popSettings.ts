import { queryOptions, useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { api, send } from '@/api/client';
import type { PopSettings } from '@/api/types';
import { useToastError } from '@/parts/errors';

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
  const fail = useToastError();
  return useMutation({
    mutationKey: popQuery.queryKey,
    mutationFn: async (change: Partial<PopSettings>) => {
      const now = await cache.ensureQueryData(popQuery);
      return send(api.PUT('/me/settings', { body: { ...now, ...change } }));
    },
    onMutate: (change) => {
      // a reading under way does not know of the change
      void cache.cancelQueries({ queryKey: popQuery.queryKey });
      cache.setQueryData(popQuery.queryKey, (now) => now && { ...now, ...change });
    },
    onSuccess: (now) => {
      // the answer to the first of two clicks does not know of the second
      if (cache.isMutating({ mutationKey: popQuery.queryKey }) === 1) cache.setQueryData(popQuery.queryKey, now);
    },
    onError: (error) => {
      fail(error);
      return cache.invalidateQueries({ queryKey: popQuery.queryKey });
    },
    // two quick clicks are two requests, in their order
    scope: { id: 'pop-settings' },
  });
}
