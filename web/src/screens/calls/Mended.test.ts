import i18next, { type TFunction } from 'i18next';
import { beforeAll, expect, it } from 'vitest';
import { en } from '@/i18n/en';
import { fieldName, valueText } from './Mended';

let t: TFunction;
const format = { clock: (at: string) => at.slice(11, 19), duration: (ms: number) => `${ms / 1000} s` };

beforeAll(async () => {
  t = await i18next.init({ lng: 'en', resources: { en: { translation: en } }, interpolation: { escapeValue: false } });
});

it.each([
  ['ended_at', '2026-11-22T10:04:05.5Z', '10:04:05'],
  ['answered_at', '', '—'],
  ['cause', '0', '—'],
  ['cause', '17', '17'],
  ['hold_ms', '4000', '4 s'],
  ['disposition', 'answered', en.why.disposition.answered],
  ['disposition', 'teleported', 'teleported'],
  ['ended_by', 'pbx', 'the PBX'],
  ['answered_by', 'Smirnova Anna', 'Smirnova Anna'],
])('PB-04 a corrected %s of "%s" is read as %s', (field, value, text) => {
  expect(valueText(t, format, field, value)).toBe(text);
});

it('PB-04 a field that this page does not know keeps its name', () => {
  expect(fieldName(t, 'ended_at')).toBe(en.mended.field.ended_at);
  expect(fieldName(t, 'codec')).toBe('codec');
});
