import type { CallSummary } from '@/api/types';

export type Hour = CallSummary['by_hour'][number];

const SHOWN = 8;

const name = (hour: number) => `${String(hour).padStart(2, '0')}:00`;

/**
 * The hours that the chart shows: without gaps, at least eight in a row ending
 * with the last hour that had calls, so that a day's first call is no wall.
 * Empty when there were no calls.
 */
export function chartHours(hours: readonly Hour[]): Hour[] {
  const busy = hours.filter((hour) => hour.in + hour.out + hour.missed > 0);
  if (busy.length === 0) return [];
  const known = new Map(busy.map((hour) => [Number.parseInt(hour.hour, 10), hour]));
  const first = Math.min(...known.keys());
  const last = Math.max(...known.keys());
  const from = Math.max(0, Math.min(first, last - SHOWN + 1));
  const to = Math.max(last, from + SHOWN - 1);
  return Array.from({ length: to - from + 1 }, (_, index) => {
    const hour = from + index;
    return known.get(hour) ?? { hour: name(hour), in: 0, out: 0, missed: 0 };
  });
}
