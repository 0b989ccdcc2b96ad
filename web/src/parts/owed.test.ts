import { expect, it } from 'vitest';
import { aCall } from '@/live/testing';
import type { CallClient } from '@/live/types';
import { owedSince } from './owed';

const since = '2026-11-22T07:42:00Z';
const client: CallClient = {
  id: 7,
  name: 'ООО «Вектор»',
  kind: 'company',
  deal_sum: '0.00',
  potential: null,
  last_contact_at: null,
  owed_since: since,
};

it('says since when a call is owed until they have talked (PU-03, AF-02)', () => {
  expect(owedSince(aCall({ client }))).toBe(since);
  expect(owedSince(aCall({ client, state: 'talking' }))).toBe(since);
  expect(owedSince(aCall({ client, state: 'ended', disposition: 'missed' }))).toBe(since);
  expect(owedSince(aCall({ client, state: 'ended', disposition: 'answered' }))).toBeUndefined();
  expect(owedSince(aCall({ client: { ...client, owed_since: undefined } }))).toBeUndefined();
  expect(owedSince(aCall({ client: undefined }))).toBeUndefined();
});
