import { expect, it } from 'vitest';
import { chartHours } from './hours';

const hour = (at: string, calls: number) => ({ hour: at, in: calls, out: 0, missed: 0 });

it('is empty without calls', () => {
  expect(chartHours([])).toEqual([]);
  expect(chartHours([hour('09:00', 0)])).toEqual([]);
});

it('gives a single busy hour company', () => {
  const shown = chartHours([hour('09:00', 1)]);
  expect(shown).toHaveLength(8);
  expect(shown.at(-1)?.hour).toBe('09:00');
});

it('begins at midnight at the earliest', () => {
  expect(chartHours([hour('02:00', 1)]).map((each) => each.hour)).toEqual([
    '00:00', '01:00', '02:00', '03:00', '04:00', '05:00', '06:00', '07:00',
  ]);
});

it('fills gaps of a long day', () => {
  const shown = chartHours([hour('08:00', 1), hour('19:00', 3)]);
  expect(shown).toHaveLength(12);
  expect(shown.filter((each) => each.in > 0).map((each) => each.hour)).toEqual(['08:00', '19:00']);
});
