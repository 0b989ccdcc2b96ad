import { useQuery } from '@tanstack/react-query';
import { api, send } from '@/api/client';

/** Figures of today: the user's own, or the office's with scope `all`. */
export function useSummary(scope: 'mine' | 'all' = 'mine') {
  return useQuery({
    queryKey: ['calls', 'summary', scope],
    queryFn: () => send(api.GET('/calls/summary', { params: { query: { scope } } })),
    refetchInterval: 60_000,
  });
}
