import { expect, it } from 'vitest';
import { readFilters, toQuery } from './filters';

const now = new Date('2026-11-22T10:00:00Z');
const query = (text: string) => toQuery(readFilters(new URLSearchParams(text)), now, 'Europe/Moscow');

it('AF-03 periods are whole days of the installation’s zone', () => {
  expect(query('')).toMatchObject({ from: '2026-11-15T21:00:00.000Z', to: undefined });
  expect(query('period=yesterday')).toMatchObject({ from: '2026-11-20T21:00:00.000Z', to: '2026-11-21T21:00:00.000Z' });
  expect(query('period=all').from).toBeUndefined();
});

it('missed means nobody of us answered, whatever the reason', () => {
  expect(query('result=missed')).toMatchObject({ missed: true, disposition: undefined });
  expect(query('result=busy')).toMatchObject({ missed: undefined, disposition: ['busy'] });
});

it('ignores what it does not know', () => {
  expect(query('direction=sideways&result=great&user=x')).toMatchObject({ direction: undefined, user_id: undefined });
});
