import { describe, expect, it } from 'vitest';
import { canHangUp, outcomeOf, stageOf } from './stage';
import { aCall, aLeg } from './testing';

const me = { user_id: 1, name: 'Анна', device: 'PJSIP/101' };
const own = aLeg({ id: 'own', user_id: 1 });
const remote = aLeg({ id: 'far', role: 'client', dialed_by: 'own', endpoint: 'PJSIP/trunk' });
const outbound = (...legs: ReturnType<typeof aLeg>[]) =>
  aCall({ direction: 'out', placed_by: me, ringing: [], legs });

describe('CO-01 progress of click-to-call', () => {
  it.each([
    ['own_phone_wait', outbound()],
    ['own_phone_wait', outbound(own)],
    ['own_phone', outbound({ ...own, state: 'ringing' })],
    ['dialling', outbound({ ...own, state: 'up' })],
    ['dialling', outbound({ ...own, state: 'up' }, remote)],
    ['remote_ringing', outbound({ ...own, state: 'up' }, { ...remote, state: 'ringing' })],
    ['talking', { ...outbound(own, remote), state: 'talking' as const }],
    ['ended', { ...outbound(own, remote), state: 'ended' as const }],
  ])('%s', (stage, call) => {
    expect(stageOf(call, 1)).toBe(stage);
  });

  it('is an incoming call to whom it rings, also from a colleague', () => {
    const call = aCall({ direction: 'internal', placed_by: { ...me, user_id: 2 } });
    expect(stageOf(call, 1)).toBe('incoming');
    expect(stageOf({ ...call, ringing: [] }, 2)).toBe('own_phone_wait');
  });
});

describe('hanging up', () => {
  it('is not offered for a call that only rings: it would end it for all', () => {
    expect(canHangUp(aCall(), 1)).toBe(false);
  });
  it('is offered at every stage of an own call', () => {
    expect(canHangUp(outbound(), 1)).toBe(true);
    expect(canHangUp(aCall({ state: 'talking', ringing: [], answered_by: me }), 1)).toBe(true);
    expect(canHangUp({ ...outbound(), state: 'ended' }, 1)).toBe(false);
  });
});

describe('CO-06 the true outcome', () => {
  const picked = { ...own, state: 'ended' as const, answered_at: '2026-11-22T10:00:02Z' };
  const ended = { direction: 'out' as const, cause: 16, legs: [picked] };
  it.each([
    ['talked', { ...ended, disposition: 'answered' }],
    ['busy', { ...ended, disposition: 'busy', cause: 17 }],
    ['no_answer', { ...ended, disposition: 'missed', cause: 19 }],
    ['no_answer', { ...ended, disposition: 'missed', cause: 16 }],
    ['rejected', { ...ended, disposition: 'failed', cause: 21 }],
    ['unallocated', { ...ended, disposition: 'failed', cause: 1 }],
    ['unallocated', { ...ended, disposition: 'failed', cause: 28 }],
    ['congestion', { ...ended, disposition: 'failed', cause: 34 }],
    ['congestion', { ...ended, disposition: 'failed', cause: 42 }],
    ['unreachable', { ...ended, disposition: 'failed', cause: 27 }],
    ['forbidden', { ...ended, disposition: 'failed', cause: 55 }],
    ['failed', { ...ended, disposition: 'failed', cause: 127 }],
    ['cancelled', { ...ended, disposition: 'abandoned' }],
    ['own_no_answer', { ...ended, disposition: 'missed', legs: [{ ...picked, answered_at: null, result: 'no_answer' as const }] }],
    ['own_rejected', { ...ended, disposition: 'failed', legs: [{ ...picked, answered_at: null, result: 'busy' as const }] }],
    ['own_unreachable', { ...ended, disposition: 'failed', legs: [{ ...picked, answered_at: null, cause: 20 }] }],
    ['missed', { direction: 'in' as const, disposition: 'missed' }],
    ['caller_gave_up', { direction: 'in' as const, disposition: 'abandoned' }],
    ['voicemail', { direction: 'in' as const, disposition: 'voicemail' }],
  ])('%s', (outcome, call) => {
    expect(outcomeOf(call)).toBe(outcome);
  });
});

it('CO-07 a transferred call rings the next one while the client waits on the line', () => {
  const party = (id: number) => ({ user_id: id, name: String(id), device: `PJSIP/10${id}` });
  const call = aCall({ state: 'talking', answered_by: party(1), talking: [party(1)], ringing: [party(2)] });
  expect(stageOf(call, 2)).toBe('incoming');
  expect(stageOf(call, 1)).toBe('talking');
  expect(canHangUp(call, 2)).toBe(false);
});
