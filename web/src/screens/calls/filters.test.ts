import { expect, it } from 'vitest';
import { folded, noFilters, readFilters, toExport, toQuery } from './filters';

const now = new Date('2026-11-22T10:00:00Z');
const query = (text: string) => toQuery(readFilters(new URLSearchParams(text)), now, 'Europe/Moscow');

it('AF-03 periods are whole days of the installation’s zone', () => {
  expect(query('')).toMatchObject({ from: '2026-11-15T21:00:00.000Z', to: undefined });
  expect(query('period=yesterday')).toMatchObject({ from: '2026-11-20T21:00:00.000Z', to: '2026-11-21T21:00:00.000Z' });
  expect(query('period=all').from).toBeUndefined();
});

it('missed means nobody of us answered, whatever the reason', () => {
  expect(query('result=missed')).toMatchObject({ missed: true });
  expect(query('result=busy')).not.toHaveProperty('missed');
  expect(query('result=busy')).toMatchObject({ disposition: ['busy'] });
});

it('AF-03 missed goes with a direction', () => {
  // the server refuses missed=true together with direction or disposition
  expect(query('result=missed&direction=in')).toMatchObject({ missed: true });
  expect(query('result=missed&direction=in').direction).toBeUndefined();
  expect(query('result=missed&direction=internal')).toMatchObject({ direction: ['internal'], disposition: ['missed', 'abandoned'] });
  expect(query('result=missed&direction=internal')).not.toHaveProperty('missed');
});

it('AF-03 queue, recorded, transferred and the order go from the address to the query', () => {
  expect(query('queue=sales&recorded=true&transferred=false&order=talk')).toMatchObject({
    queue: 'sales', recorded: 'true', transferred: 'false', sort: '-talk',
  });
  expect(query('order=wait').sort).toBe('-wait');
  expect(query('order=oldest').sort).toBe('started');
  expect(query('recorded=maybe&order=loudest')).toMatchObject({ queue: undefined, recorded: undefined, transferred: undefined, sort: undefined });
});

it('AF-03 counts the folded filters, and a reset clears every filter but the period', () => {
  const set = 'q=anna&direction=in&result=busy&user=1&client=2&unmatched=true&queue=sales&recorded=false&transferred=true&order=talk';
  const params = new URLSearchParams(set);
  expect(folded(readFilters(params))).toBe(5);
  for (const key of Object.keys(noFilters)) params.delete(key);
  expect(params.toString()).toBe('');
  expect(folded(readFilters(params))).toBe(0);
});

it('AF-03 exports the calls of the present filters, for a Russian or an English spreadsheet', () => {
  const filters = readFilters(new URLSearchParams('period=yesterday&queue=sales&result=missed&order=wait'));
  const file = toExport(filters, now, 'Europe/Moscow', 'ru');
  expect(file).toMatchObject(toQuery(filters, now, 'Europe/Moscow'));
  expect(file).toMatchObject({ lang: 'ru', separator: 'semicolon', bom: true });
  expect(toExport(filters, now, 'Europe/Moscow', 'en')).toMatchObject({ lang: 'en', separator: 'comma' });
});

it('ignores what it does not know', () => {
  expect(query('direction=sideways&result=great&user=x')).toMatchObject({ direction: undefined, user_id: undefined });
});
