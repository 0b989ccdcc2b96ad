import { expect, it } from 'vitest';
import { en } from './en';
import { ru } from './ru';

const plural = /_(one|few|many|other)$/;

function keys(tree: object, prefix = ''): string[] {
  return Object.entries(tree).flatMap(([key, value]) =>
    typeof value === 'string' ? [prefix + key] : keys(value as object, `${prefix}${key}.`),
  );
}

const bare = (tree: object) =>
  [...new Set(keys(tree).map((key) => key.replace(plural, '').replace(/_female$/, '')))].sort();

it('OP-09 both languages have the same texts', () => {
  expect(bare(en)).toEqual(bare(ru));
});

it.each([
  ['ru', ru, ['one', 'few', 'many', 'other']],
  ['en', en, ['one', 'other']],
])('%s has every plural form it needs', (_, tree, forms) => {
  const all = keys(tree);
  const counted = new Set(all.filter((key) => plural.test(key) && !key.endsWith('too_many')).map((key) => key.replace(plural, '')));
  for (const key of counted) {
    expect(all.filter((each) => each.replace(plural, '') === key).map((each) => each.slice(key.length + 1))).toEqual(forms);
  }
});

it('no Russian is left in the English texts, nor placeholders lost', () => {
  const flat = (tree: object, prefix = ''): [string, string][] =>
    Object.entries(tree).flatMap(([key, value]) =>
      typeof value === 'string' ? [[prefix + key, value] as [string, string]] : flat(value as object, `${prefix}${key}.`),
    );
  const russian = new Map(flat(ru));
  const holes = (text: string) => [...text.matchAll(/{{(\w+)}}/g)].map((match) => match[1]).sort();
  for (const [key, text] of flat(en)) {
    expect(text, key).not.toMatch(/[а-яё]/i);
    const same = russian.get(key);
    if (same !== undefined && !plural.test(key)) expect(holes(text), key).toEqual(holes(same));
  }
});
