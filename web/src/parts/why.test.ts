import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { expect, it } from 'vitest';
import { en } from '@/i18n/en';
import { ru } from '@/i18n/ru';

/** Codes of a Go map of texts, with the names of their places. */
function codes(map: string): [string, string[]][] {
  const source = readFileSync(resolve('..', 'cti', 'trace.go'), 'utf8');
  const begin = source.indexOf(`var ${map} =`);
  const block = source.slice(begin, source.indexOf('\n}', begin));
  return [...block.matchAll(/^\t"(\w+)":(.*)$/gm)].map(([, code = '', rest = '']) => [
    code,
    [...rest.matchAll(/{(\w+)}/g)].map(([, place = '']) => place),
  ]);
}

it.each([
  ['decisions', 'step'],
  ['reasons', 'recipient'],
] as const)('PB-13 every code of %s has a text in both languages', (map, group) => {
  const known = codes(map);
  expect(known.length).toBeGreaterThan(3);
  for (const [code, places] of known) {
    for (const texts of [ru.why[group], en.why[group]] as Record<string, string>[]) {
      expect(texts[code], code).toBeTruthy();
      for (const [, place] of (texts[code] ?? '').matchAll(/{{(\w+)}}/g)) expect(places, code).toContain(place);
    }
  }
});
