/** Running timer: 02:15, from an hour on 1:02:15. Never negative. */
export function clock(ms: number): string {
  const total = Math.max(0, Math.floor(ms / 1000));
  const hours = Math.floor(total / 3600);
  const minutes = Math.floor((total % 3600) / 60);
  const pair = (value: number) => String(value).padStart(2, '0');
  return hours > 0 ? `${hours}:${pair(minutes)}:${pair(total % 60)}` : `${pair(minutes)}:${pair(total % 60)}`;
}

/** Short duration of a report: 3:18. */
export function minutes(ms: number): string {
  return clock(ms).replace(/^0(?=\d:)/, '');
}

export interface Parts {
  hours: number;
  minutes: number;
  seconds: number;
}

/** Whole seconds that have passed, as the clock and the PBX count them. */
export function parts(ms: number): Parts {
  const total = Math.max(0, Math.floor(ms / 1000));
  return { hours: Math.floor(total / 3600), minutes: Math.floor((total % 3600) / 60), seconds: total % 60 };
}

/** Calendar day of an instant in a time zone, as 2026-11-22. */
export function dayKey(at: Date, timeZone: string): string {
  return new Intl.DateTimeFormat('en-CA', { timeZone, year: 'numeric', month: '2-digit', day: '2-digit' }).format(at);
}

/** Days between two calendar days of a zone: 0 today, 1 yesterday. */
export function daysAgo(at: Date, now: Date, timeZone: string): number {
  const day = (value: Date) => Date.parse(`${dayKey(value, timeZone)}T00:00:00Z`);
  return Math.round((day(now) - day(at)) / 86_400_000);
}

/** Start of a calendar day of a zone as an instant; `back` days before today. */
export function startOfDay(now: Date, timeZone: string, back = 0): Date {
  return instantIn(timeZone, dayAfter(dayKey(now, timeZone), -back));
}

/** The instant at which a clock in the zone shows this day (2026-11-22) and time (09:00). */
export function instantIn(timeZone: string, day: string, time = '00:00'): Date {
  const shown = Date.parse(`${day}T${time}:00Z`);
  // two steps settle the zone's offset even when it changes on that day
  const near = shown - offset(new Date(shown), timeZone);
  return new Date(shown - offset(new Date(near), timeZone));
}

/** The calendar day that many days later. */
export function dayAfter(day: string, days = 1): string {
  return new Date(Date.parse(`${day}T00:00:00Z`) + days * 86_400_000).toISOString().slice(0, 10);
}

function offset(at: Date, timeZone: string): number {
  const fields = new Intl.DateTimeFormat('en-US', {
    timeZone,
    hourCycle: 'h23',
    year: 'numeric',
    month: 'numeric',
    day: 'numeric',
    hour: 'numeric',
    minute: 'numeric',
    second: 'numeric',
  }).formatToParts(at);
  const get = (type: string) => Number(fields.find((field) => field.type === type)?.value ?? 0);
  const local = Date.UTC(get('year'), get('month') - 1, get('day'), get('hour'), get('minute'), get('second'));
  return local - Math.floor(at.getTime() / 1000) * 1000;
}
