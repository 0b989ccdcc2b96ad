import { describe, expect, it } from 'vitest';
import { hoursFaults, likeFirst, readTime, splitNights, type Interval } from './hours';

it.each([
  ['9', '09:00'],
  ['9:30', '09:30'],
  ['0930', '09:30'],
  ['18.00', '18:00'],
  ['24', '24:00'],
  [' 00:00 ', '00:00'],
  ['24:01', null],
  ['25', null],
  ['9:60', null],
  ['', null],
  ['noon', null],
])('time %j is read as %j', (text, time) => expect(readTime(text)).toBe(time));

describe('LU-07 faults of working hours', () => {
  const one = (from: string, to: string, day = 1): Interval => ({ day, from, to });
  it.each([
    ['a plain day', [one('09:00', '18:00')], []],
    ['a break at noon', [one('09:00', '13:00'), one('13:00', '18:00')], []],
    ['a night shift', [one('22:00', '06:00'), one('06:00', '14:00', 2)], []],
    ['a whole day', [one('00:00', '24:00')], []],
    ['no time', [one('9', '18:00')], [[0, 'time']]],
    ['beginning at the end of the day', [one('24:00', '06:00')], [[0, 'time']]],
    ['nothing', [one('09:00', '09:00')], [[0, 'empty']]],
    ['overlap', [one('09:00', '14:00'), one('13:00', '18:00')], [[1, 'overlap']]],
    ['a night into the next morning', [one('22:00', '06:00'), one('05:00', '14:00', 2)], [[1, 'overlap']]],
    ['Sunday night into Monday', [one('05:00', '09:00'), one('22:00', '06:00', 7)], [[1, 'overlap']]],
  ] as [string, Interval[], [number, string][]][])('%s', (_, hours, faults) => expect([...hoursFaults(hours)]).toEqual(faults));

  it('a term of missed calls knows no nights', () => {
    const night = [one('22:00', '06:00', 7)];
    expect([...hoursFaults(night, true)]).toEqual([[0, 'past_midnight']]);
    const split = splitNights(night);
    expect(split).toEqual([one('00:00', '06:00', 1), one('22:00', '24:00', 7)]);
    expect(hoursFaults(split, true).size).toBe(0);
    expect(splitNights([one('22:00', '00:00')])).toEqual([one('22:00', '24:00')]);
  });
});

it('the working week takes the hours of its first day', () => {
  const saturday = { day: 6, from: '10:00', to: '14:00' };
  const week = likeFirst([{ day: 1, from: '08:00', to: '17:00' }, { day: 3, from: '11:00', to: '12:00' }, saturday]);
  expect(week).toHaveLength(6);
  expect(week[2]).toEqual({ day: 3, from: '08:00', to: '17:00' });
  expect(week.at(-1)).toEqual(saturday);
});
