/** Working time on one weekday, 1 Monday … 7 Sunday; `to` not after `from` ends on the next day. */
export interface Interval {
  day: number;
  from: string;
  to: string;
}

export const weekdays = [1, 2, 3, 4, 5, 6, 7] as const;

const DAY = 24 * 60;

/** A time as people type it: 9, 9:30, 0930, 24 → HH:MM; null where it is none. */
export function readTime(text: string): string | null {
  const match = /^(\d{1,2})(?:[:.\s-]?(\d{2}))?$/.exec(text.trim());
  if (!match) return null;
  const hour = Number(match[1]);
  const minute = Number(match[2] ?? 0);
  if (minute > 59 || hour > 24 || (hour === 24 && minute > 0)) return null;
  return `${String(hour).padStart(2, '0')}:${String(minute).padStart(2, '0')}`;
}

export function minuteOf(time: string): number {
  return Number(time.slice(0, 2)) * 60 + Number(time.slice(3, 5));
}

export type HoursFault = 'time' | 'empty' | 'overlap' | 'past_midnight';

/** Wrong intervals by their place in the list; `split`: what goes past midnight is wrong too. */
export function hoursFaults(hours: Interval[], split = false): Map<number, HoursFault> {
  const faults = new Map<number, HoursFault>();
  const spans: { index: number; from: number; to: number }[] = [];
  hours.forEach(({ day, from, to }, index) => {
    const valid = readTime(from) === from && readTime(to) === to && from !== '24:00';
    if (!valid) {
      faults.set(index, 'time');
      return;
    }
    let length = minuteOf(to) - minuteOf(from);
    if (length === 0) {
      faults.set(index, 'empty');
      return;
    }
    if (length < 0 && split) {
      faults.set(index, 'past_midnight');
      return;
    }
    if (length < 0) length += DAY;
    const start = (day - 1) * DAY + minuteOf(from);
    spans.push({ index, from: start, to: start + length });
  });
  for (const a of spans) {
    for (const b of spans) {
      // Sunday's night shift reaches into Monday
      const meets = [0, 7 * DAY].some((week) => b.from + week < a.to && a.from < b.to + week);
      if (b !== a && meets) faults.set(Math.max(a.index, b.index), 'overlap');
    }
  }
  return faults;
}

/** The same working time with nothing past midnight: a night shift in two. */
export function splitNights(hours: Interval[]): Interval[] {
  return byTime(
    hours.flatMap(({ day, from, to }) => {
      if (minuteOf(to) > minuteOf(from)) return [{ day, from, to }];
      const evening = { day, from, to: '24:00' };
      return to === '00:00' ? [evening] : [evening, { day: (day % 7) + 1, from: '00:00', to }];
    }),
  );
}

export function byTime(hours: Interval[]): Interval[] {
  return hours.toSorted((a, b) => a.day - b.day || minuteOf(a.from) - minuteOf(b.from));
}

/** Monday's to Friday's hours as the first of them that has any; the weekend stays. */
export function likeFirst(hours: Interval[]): Interval[] {
  const first = weekdays.find((day) => hours.some((each) => each.day === day));
  const pattern = hours.filter((each) => each.day === first);
  return byTime([...[1, 2, 3, 4, 5].flatMap((day) => pattern.map((each) => ({ ...each, day }))), ...hours.filter((each) => each.day > 5)]);
}

export const officeDay: Omit<Interval, 'day'> = { from: '09:00', to: '18:00' };

export const officeWeek: Interval[] = [1, 2, 3, 4, 5].map((day) => ({ day, ...officeDay }));
