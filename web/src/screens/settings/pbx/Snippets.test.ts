import { readdirSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { expect, it } from 'vitest';
import { en } from '@/i18n/en';

const folder = resolve('..', 'internal', 'pbxconfig');

it('PB-09 each file that the server writes has its purpose told in the page', () => {
  const source = readdirSync(folder)
    .filter((name) => name.endsWith('.go') && !name.endsWith('_test.go'))
    .map((name) => readFileSync(resolve(folder, name), 'utf8'))
    .join('\n');
  const made = [...source.matchAll(/\{ID: "(\w+)", Path/g)].map(([, id = '']) => id);
  expect(new Set(made)).toEqual(new Set(Object.keys(en.pbx_admin.purpose)));
});
