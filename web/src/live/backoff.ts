const FIRST_MS = 500;
const CEILING_MS = 15_000;

/**
 * Pause before reconnection number attempt (from 0), in ms: doubles up to 15 s,
 * with half of it random so that a restarted server is not hit by all pages in
 * the same instant.
 */
export function backoff(attempt: number, random: () => number = Math.random): number {
  const full = Math.min(CEILING_MS, FIRST_MS * 2 ** Math.min(attempt, 10));
  return full / 2 + (full / 2) * random();
}

/** What a close code of the stream tells the page to do. */
export type Reaction = 'resume' | 'fresh' | 'login' | 'reload' | 'wait';

/** Close codes of the public contract; anything else is a lost connection. */
export function reaction(code: number): Reaction {
  switch (code) {
    case 4400:
      return 'reload';
    case 4401:
      return 'login';
    case 4409:
      return 'fresh';
    case 4429:
      return 'wait';
    default:
      return 'resume';
  }
}
