import { startOfDay } from '@/format/time';

export const periods = ['today', 'yesterday', 'week', 'month', 'all'] as const;
export type Period = (typeof periods)[number];

export const results = ['answered', 'missed', 'busy', 'failed', 'voicemail'] as const;
export type Result = (typeof results)[number];

export const directions = ['in', 'out', 'internal'] as const;
export type CallDirection = (typeof directions)[number];

/** Filters of the journal as they stand in the address. */
export interface Filters {
  period: Period;
  direction: CallDirection | null;
  result: Result | null;
  user: number | null;
  client: number | null;
  q: string;
  unmatched: boolean;
}

export function readFilters(params: URLSearchParams): Filters {
  return {
    period: periods.find((each) => each === params.get('period')) ?? 'week',
    direction: directions.find((each) => each === params.get('direction')) ?? null,
    result: results.find((each) => each === params.get('result')) ?? null,
    user: Number(params.get('user')) || null,
    client: Number(params.get('client')) || null,
    q: params.get('q') ?? '',
    unmatched: params.get('unmatched') === 'true',
  };
}

const back: Record<Exclude<Period, 'all'>, number> = { today: 0, yesterday: 1, week: 6, month: 29 };

/** From when, and to when where that is not now. */
export function rangeOf(period: Period, now: Date, timeZone: string) {
  return {
    from: period === 'all' ? undefined : startOfDay(now, timeZone, back[period]).toISOString(),
    to: period === 'yesterday' ? startOfDay(now, timeZone).toISOString() : undefined,
  };
}

/** The query of GET /calls. Periods are whole days of the installation's zone. */
export function toQuery(filters: Filters, now: Date, timeZone: string) {
  return {
    ...rangeOf(filters.period, now, timeZone),
    direction: filters.direction ? [filters.direction] : undefined,
    // to the user a call is missed whatever the reason: nobody came, the caller gave up, all were busy
    missed: filters.result === 'missed' || undefined,
    disposition: filters.result && filters.result !== 'missed' ? [filters.result] : undefined,
    user_id: filters.user ?? undefined,
    client_id: filters.client ?? undefined,
    q: filters.q || undefined,
    unmatched: filters.unmatched || undefined,
  };
}
