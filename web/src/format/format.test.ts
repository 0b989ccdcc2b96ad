import { describe, expect, it } from 'vitest';
import { displayNumber, genderOf, initials, looksLikeNumber, shortName } from './text';
import { clock, dayAfter, daysAgo, instantIn, minutes, parts, startOfDay } from './time';

it.each([
  [0, '00:00'],
  [135_000, '02:15'],
  [-5, '00:00'],
  [3_735_999, '1:02:15'],
])('clock of %i ms is %s', (ms, text) => expect(clock(ms)).toBe(text));

it('short minutes of a report', () => {
  expect(minutes(198_000)).toBe('3:18');
  expect(minutes(0)).toBe('0:00');
  expect(minutes(754_000)).toBe('12:34');
});

it('parts are whole seconds that have passed', () => {
  expect(parts(59_600)).toEqual({ hours: 0, minutes: 0, seconds: 59 });
});

describe('days of the installation’s time zone', () => {
  const zone = 'Europe/Moscow';
  it('yesterday begins at the zone’s midnight, not at ours', () => {
    const now = new Date('2026-11-21T21:30:00Z');
    expect(daysAgo(new Date('2026-11-21T20:59:00Z'), now, zone)).toBe(1);
    expect(daysAgo(new Date('2026-11-21T21:00:00Z'), now, zone)).toBe(0);
  });
  it('the day starts at midnight there', () => {
    expect(startOfDay(new Date('2026-11-22T10:00:00Z'), zone).toISOString()).toBe('2026-11-21T21:00:00.000Z');
    expect(startOfDay(new Date('2026-11-22T10:00:00Z'), zone, 6).toISOString()).toBe('2026-11-15T21:00:00.000Z');
  });
  it('also across a change of the clocks', () => {
    expect(startOfDay(new Date('2026-03-29T12:00:00Z'), 'Europe/Berlin').toISOString()).toBe('2026-03-28T23:00:00.000Z');
    expect(startOfDay(new Date('2026-03-30T12:00:00Z'), 'Europe/Berlin').toISOString()).toBe('2026-03-29T22:00:00.000Z');
  });
});

it.each([
  ['Europe/Moscow', '2026-11-22', '09:30', '2026-11-22T06:30:00.000Z'],
  ['Europe/Berlin', '2026-03-29', '12:00', '2026-03-29T10:00:00.000Z'],
  ['America/New_York', '2026-11-01', '00:00', '2026-11-01T04:00:00.000Z'],
])('in %s the clock of %s shows %s at %s', (zone, day, time, instant) => expect(instantIn(zone, day, time).toISOString()).toBe(instant));

it('days are counted on the calendar', () => {
  expect(dayAfter('2026-12-31')).toBe('2027-01-01');
  expect(dayAfter('2026-03-01', -1)).toBe('2026-02-28');
});

it.each([
  ['Смирнова Анна', 'СА'],
  ['ООО «Северный ветер»', 'СВ'],
  ['ИП Захаров', 'З'],
  ['ООО', 'О'],
  ['«»', ''],
])('initials of %s are %s', (name, text) => expect(initials(name)).toBe(text));

it.each([
  ['+7 921 555-12-34', true],
  ['101', true],
  ['8 (495) 123', true],
  ['Школа 14', false],
  ['1', false],
  ['12345678901234567', false],
])('%s is a number to dial: %s', (text, yes) => expect(looksLikeNumber(text)).toBe(yes));

it.each([
  ['74951000101', '+7 (495) 100-01-01'],
  ['84951000101', '+7 (495) 100-01-01'],
  ['+74951000101', '+7 (495) 100-01-01'],
  ['100', '100'],
  ['442071234567', '442071234567'],
])('%s is read as %s', (raw, text) => expect(displayNumber(raw)).toBe(text));

it('names below a line of history are short', () => {
  expect(shortName('Смирнова Анна Игоревна')).toBe('Смирнова А.');
  expect(shortName('Администратор')).toBe('Администратор');
});

it('surnames tell the gender, given names do not', () => {
  expect(genderOf('Смирнова Анна')).toBe('female');
  expect(genderOf('Волков Илья')).toBeUndefined();
  expect(genderOf('Анна Полонская')).toBe('female');
});
