import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { expect, it } from 'vitest';
import { insertField, linkFault, linkFields } from './template';

it('PU-10 the page offers the fields that the server fills', () => {
  const source = readFileSync(resolve('..', 'crm', 'employee', 'poplink.go'), 'utf8');
  const list = /func LinkFields\(\) \[\]string \{\s*return \[\]string\{([^}]*)\}/.exec(source)?.[1] ?? '';
  const known = [...list.matchAll(/"(\w+)"/g)].map(([, name]) => name);
  expect([...linkFields].sort()).toEqual(known.sort());
});

it.each([
  ['https://crm.example.org/call?phone={number}&id={call_id}', 'open', null],
  ['mycrm:{number}?n={client_name}', 'open', null],
  ['HTTPS://crm.example.org:8443/{digits}', 'post', null],
  ['  ', 'open', 'empty'],
  [`https://crm.example.org/${'x'.repeat(2000)}`, 'open', 'long'],
  ['https://crm.example.org/{telephone}', 'open', 'field'],
  ['https://crm.example.org/{number', 'open', 'brace'],
  ['crm.example.org/{number}', 'open', 'address'],
  ['{did}://x', 'open', 'host'],
  ['https://{queue}/x', 'open', 'host'],
  ['https://crm.example.org:{extension}/x', 'open', 'host'],
  ['https:///x', 'open', 'no_host'],
  ['https://a:b@crm.example.org/', 'open', 'password'],
  ['javascript:{number}', 'open', 'scheme'],
  ['tel:{number}', 'post', 'post_scheme'],
] as const)('PU-10 %s (%s) is wrong by %s', (template, mode, code) => expect(linkFault(template, mode)?.code ?? null).toBe(code));

it('a field comes where the cursor stands', () => {
  expect(insertField('https://x/?a=&b=1', 'digits', 13, 13)).toBe('https://x/?a={digits}&b=1');
});
