import { expect, it } from 'vitest';
import { reach } from './reach';

it.each([
  ['a number in full', { e164: '+79211234567', raw: '8 921 123-45-67' }, { to: '+79211234567' }],
  ['an extension', { e164: '', raw: '101' }, { to: '101' }],
  ['an extension of a record', { raw: '101' }, { to: '101' }],
  ['a masked number', { e164: '', raw: '• (•••) •••-45-67' }, { phone_id: 7 }],
])('PU-09 dials %s by what may be seen of it', (_, number, wanted) => {
  expect(reach(number, { phone_id: 7 })).toEqual(wanted);
});
