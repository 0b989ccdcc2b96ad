import { startOfDay } from '@/format/time';

export const periods = ['today', 'yesterday', 'week', 'month', 'all'] as const;
export type Period = (typeof periods)[number];

export const results = ['answered', 'missed', 'busy', 'failed', 'voicemail'] as const;
export type Result = (typeof results)[number];

export const directions = ['in', 'out', 'internal'] as const;
export type CallDirection = (typeof directions)[number];

const yesNo = ['true', 'false'] as const;
type YesNo = (typeof yesNo)[number];

export const orders = ['newest', 'oldest', 'talk', 'wait'] as const;
export type Order = (typeof orders)[number];

const sorts = { newest: undefined, oldest: 'started', talk: '-talk', wait: '-wait' } as const;

/** Filters of the journal as they stand in the address. */
export interface Filters {
  period: Period;
  direction: CallDirection | null;
  result: Result | null;
  user: number | null;
  client: number | null;
  q: string;
  unmatched: boolean;
  queue: string;
  recorded: YesNo | null;
  transferred: YesNo | null;
  order: Order;
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
    queue: params.get('queue') ?? '',
    recorded: yesNo.find((each) => each === params.get('recorded')) ?? null,
    transferred: yesNo.find((each) => each === params.get('transferred')) ?? null,
    order: orders.find((each) => each === params.get('order')) ?? 'newest',
  };
}

/** What takes every filter out of the address; the period stays. */
export const noFilters = {
  q: null, direction: null, result: null, user: null, client: null, unmatched: null,
  queue: null, recorded: null, transferred: null, order: null,
};

/** How many of the folded filters are set. */
export const folded = ({ client, queue, recorded, transferred, order }: Filters) =>
  [client, queue, recorded, transferred, order !== 'newest'].filter(Boolean).length;

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
    ...resultOf(filters),
    user_id: filters.user ?? undefined,
    client_id: filters.client ?? undefined,
    q: filters.q || undefined,
    unmatched: filters.unmatched || undefined,
    queue: filters.queue || undefined,
    recorded: filters.recorded ?? undefined,
    transferred: filters.transferred ?? undefined,
    sort: sorts[filters.order],
  };
}

function resultOf({ direction, result }: Filters) {
  const directions = direction ? [direction] : undefined;
  if (result !== 'missed') return { direction: directions, disposition: result ? [result] : undefined };
  // to the user an incoming call is missed whatever the reason: nobody came, the caller gave up, all were
  // busy; `missed` says so, and takes no direction beside it
  if (direction === null || direction === 'in') return { missed: true };
  return { direction: directions, disposition: ['missed' as const, 'abandoned' as const] };
}

/** The query of GET /calls/export.csv: the same calls, as the user's spreadsheet reads them. */
export function toExport(filters: Filters, now: Date, timeZone: string, language: string) {
  const russian = language.startsWith('ru');
  return {
    ...toQuery(filters, now, timeZone),
    lang: russian ? ('ru' as const) : ('en' as const),
    separator: russian ? ('semicolon' as const) : ('comma' as const),
    bom: true,
  };
}
