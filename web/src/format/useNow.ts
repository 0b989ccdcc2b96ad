import { useSyncExternalStore } from 'react';
import { useLive } from '@/live/store';

const listeners = new Set<() => void>();
let timer: ReturnType<typeof setInterval> | undefined;
let second = Math.floor(Date.now() / 1000);

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  timer ??= setInterval(() => {
    second = Math.floor(Date.now() / 1000);
    listeners.forEach((each) => each());
  }, 1000);
  return () => {
    listeners.delete(listener);
    if (listeners.size === 0) {
      clearInterval(timer);
      timer = undefined;
    }
  };
}

/** The present second by the server's clock, ms; one timer serves the page. */
export function useNow(): number {
  const now = useSyncExternalStore(subscribe, () => second);
  const skew = useLive((state) => state.skew);
  return now * 1000 + skew;
}
