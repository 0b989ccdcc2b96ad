import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { expect, it } from 'vitest';
import { en } from '@/i18n/en';
import { ru } from '@/i18n/ru';

/** Codes with which the telephone side refuses a command. */
const codes = [...readFileSync(resolve('..', 'cti', 'errors.go'), 'utf8').matchAll(/Code += "(\w+)"/g)].map(([, code = '']) => code);

it('CO-07 every refusal of a command has a text in both languages', () => {
  expect(codes).toContain('no_effect');
  for (const code of codes) {
    for (const texts of [ru, en]) {
      const all: Record<string, string> = { ...texts.error, ...texts.reason };
      expect(all[code], code).toBeTruthy();
    }
  }
});
