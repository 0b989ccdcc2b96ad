import { notifyManager, QueryClient } from '@tanstack/react-query';
import { ApiError } from '@/api/error';

// Within the click itself: React puts a controlled switch back until it is
// told, and with the default, a task later, it is seen to jump.
notifyManager.setScheduler(queueMicrotask);

/** What the page has read from the server. */
export function newQueryClient(): QueryClient {
  return new QueryClient({
    defaultOptions: {
      queries: {
        staleTime: 10_000,
        // what the server refused stays refused; what never arrived is tried again
        retry: (failures, error) =>
          failures < 2 && error instanceof ApiError && (error.status === 0 || error.status >= 500),
      },
    },
  });
}
