import type { Call, Leg, Snapshot } from './types';

/** A call for tests: inbound, ringing at user 1's telephone. */
export function aCall(change: Partial<Call> = {}): Call {
  return {
    id: 'c1',
    version: 1,
    pbx: 'office',
    direction: 'in',
    state: 'ringing',
    cause: 0,
    number: { raw: '74951234567', e164: '+74951234567', display: '+7 (495) 123-45-67', kind: 'external' },
    lookup: 'found',
    matches: [],
    client: null,
    ringing: [{ user_id: 1, name: 'Анна', device: 'PJSIP/101' }],
    answered_by: null,
    talking: [],
    transfers: [],
    placed_by: null,
    legs: [],
    started_at: '2026-11-22T10:00:00Z',
    ring_at: null,
    answered_at: null,
    ended_at: null,
    wait_ms: 0,
    talk_ms: 0,
    hold_ms: 0,
    recorded: false,
    recovered: false,
    ...change,
  };
}

export function aLeg(change: Partial<Leg> = {}): Leg {
  return {
    id: 'l1',
    name: 'PJSIP/101-1',
    endpoint: 'PJSIP/101',
    role: 'office',
    state: 'new',
    started_at: '2026-11-22T10:00:00Z',
    ring_at: null,
    answered_at: null,
    talked_at: null,
    ended_at: null,
    cause: 0,
    ...change,
  };
}

export function aSnapshot(change: Partial<Snapshot> = {}): Snapshot {
  return {
    me: {
      id: 1,
      login: 'anna',
      name: 'Анна',
      role: 'operator',
      permissions: [],
      extension: '101',
      devices: [],
      locale: 'ru',
      theme: 'light',
      status: 'free',
      settings: {},
    },
    calls: [],
    presence: [],
    pbx: [],
    ...change,
  };
}
