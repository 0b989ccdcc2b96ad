import { useCallback } from 'react';
import { useSearchParams } from 'react-router';

/** Filters live in the address: they survive reload and can be sent to others. */
export function useParam() {
  const [params, setParams] = useSearchParams();
  const set = useCallback(
    (changes: Record<string, string | null | undefined>, options?: { replace?: boolean }) =>
      setParams(
        (old) => {
          const next = new URLSearchParams(old);
          for (const [key, value] of Object.entries(changes)) {
            if (value) next.set(key, value);
            else next.delete(key);
          }
          return next;
        },
        { replace: options?.replace ?? true },
      ),
    [setParams],
  );
  return { params, set };
}
