import { useMutation, useQueryClient, type QueryKey } from '@tanstack/react-query';
import { useToastError } from '@/parts/errors';

interface Kept<T, C> {
  queryKey: QueryKey;
  write: (change: C) => Promise<T>;
}

/**
 * Changes some of what a user has set, without a Save: the page follows at
 * once, and goes back and says so when the server refuses.
 */
export function useChange<T extends object, C extends Partial<T>>({ queryKey, write }: Kept<T, C>) {
  const cache = useQueryClient();
  const fail = useToastError();
  return useMutation({
    mutationKey: queryKey,
    // two quick clicks are two requests, in their order
    scope: { id: queryKey.join() },
    mutationFn: write,
    onMutate: (change) => {
      // a reading under way does not know of the change
      void cache.cancelQueries({ queryKey });
      cache.setQueryData<T | null>(queryKey, (now) => now && { ...now, ...change });
    },
    onSuccess: (now) => {
      // the answer to the first of two clicks does not know of the second
      if (cache.isMutating({ mutationKey: queryKey }) === 1) cache.setQueryData(queryKey, now);
    },
    onError: (error) => {
      fail(error);
      return cache.invalidateQueries({ queryKey });
    },
  });
}
