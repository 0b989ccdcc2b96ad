import { readdirSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import i18next from 'i18next';
import { beforeAll, describe, expect, it } from 'vitest';
import type { Finding } from '@/api/types';
import { en } from '@/i18n/en';
import { ru } from '@/i18n/ru';
import { findingKey, findingText } from './finding';

type Texts = Record<string, Partial<Record<'check' | 'ok' | 'bad' | 'change', string>>>;

const folder = resolve('..', 'internal', 'doctor');
const source = readdirSync(folder)
  .filter((name) => name.endsWith('.go') && !name.endsWith('_test.go'))
  .map((name) => readFileSync(resolve(folder, name), 'utf8'))
  .join('\n');

/** Ids in the places where a finding gets one, with the level that stands beside it. */
const made = [
  ...source.matchAll(/c\.add\("([\w.]+)", (\w+)/g),
  ...source.matchAll(/Finding\{ID: "([\w.]+)"(?:, Level: (\w+))?/g),
  ...source.matchAll(/f\.ID, f\.Level(?:, f\.\w+)* = "([\w.]+)", (\w+)/g),
  ...source.matchAll(/f\.ID, f\.Seen = "([\w.]+)"/g),
  ...source.matchAll(/\bid = "([\w.]+)"/g),
].map(([, id = '', level]) => ({ id, level }));

describe('PB-08 texts of findings', () => {
  it('the ids are found in the source', () => {
    expect(made.length).toBeGreaterThan(60);
    // another way to write an id needs another pattern above
    const literal = source.match(/c\.add\("/g)?.length ?? 0;
    const all = source.match(/c\.add\(/g)?.length ?? 0;
    expect(all - literal, 'findings whose id is a variable').toBeLessThanOrEqual(source.match(/c\.add\(id, /g)?.length ?? 0);
  });

  it.each([
    ['ru', ru],
    ['en', en],
  ])('every id has its text in %s', (_, tree) => {
    const texts: Texts = tree.doctor.finding;
    for (const { id, level } of made) {
      const text = texts[findingKey(id)];
      expect(text?.check, id).toBeTruthy();
      expect(text?.ok ?? text?.bad, id).toBeTruthy();
      for (const [, place] of Object.values(text ?? {}).join(' ').matchAll(/{{(\w+)}}/g)) expect(source, id).toContain(`"${place}"`);
      if (level === 'OK') expect(text?.ok, `${id} when all is well`).toBeTruthy();
      if (level === 'Skip' || level === 'Warn' || level === 'Fail') expect(text?.bad, `${id} when it is ${level}`).toBeTruthy();
    }
  });

  it('no text is of an id that is no more', () => {
    const ids = new Set(made.map(({ id }) => findingKey(id)));
    expect(Object.keys(ru.doctor.finding).filter((key) => !ids.has(key))).toEqual([]);
  });
});

describe('a finding on the page', () => {
  const finding: Finding = { id: 'ari.clock', level: 'fail', check: 'pbx office: clock', seen: 'differs by 1h', change: 'run chrony', params: { skew: '1h0m0s' } };
  beforeAll(() => i18next.init({ lng: 'ru', resources: { ru: { translation: ru } }, interpolation: { escapeValue: false } }));
  const shown = (change: Partial<Finding>) => findingText(i18next.t, { ...finding, ...change });

  it('is in the language of the user', () => {
    expect(shown({})).toEqual({ check: 'Часы', seen: 'Расходятся с нашими на 1h0m0s', change: ru.doctor.finding.ari_clock.change, error: '' });
    expect(shown({ level: 'ok', change: undefined })).toMatchObject({ seen: 'Совпадают с нашими', change: '' });
  });
  it('keeps the words of the system', () => {
    expect(shown({ id: 'ari.refused', params: { error: 'connection refused' } }).error).toBe('Ответ: connection refused');
  });
  it('stays as the server wrote it where a text or a value is missing', () => {
    expect(shown({ id: 'ari.new' })).toEqual({ check: finding.check, seen: finding.seen, change: finding.change, error: '' });
    expect(shown({ params: undefined }).seen).toBe('differs by 1h');
  });
});
