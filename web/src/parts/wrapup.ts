import { queryOptions } from '@tanstack/react-query';
import { api, send } from '@/api/client';

/** Results of talks that are offered, in the administrator's order. */
export const resultsQuery = queryOptions({
  queryKey: ['wrapup-results'],
  queryFn: async ({ signal }) => (await send(api.GET('/wrapup-results', { signal }))).items ?? [],
  staleTime: 5 * 60_000,
});
