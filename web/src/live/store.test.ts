import { beforeEach, expect, it } from 'vitest';
import { focused, myCalls, useLive } from './store';
import { aCall, aSnapshot } from './testing';
import type { Call } from './types';

const at = '2026-11-22T10:00:00Z';
const me = { user_id: 1, name: 'Анна', device: 'PJSIP/101' };
let seq: number;
const send = (change: Partial<Call>) =>
  useLive.getState().apply({ type: 'call', epoch: 'e', seq: ++seq, at, data: aCall(change) });
const shown = () => {
  const state = useLive.getState();
  return focused(myCalls(state), state.selected)?.id;
};

beforeEach(() => {
  seq = 1;
  useLive.getState().reset();
  useLive.getState().apply({ type: 'snapshot', epoch: 'e', seq, at, data: aSnapshot() });
});

it('shows the call that rings', () => {
  send({ id: 'a' });
  expect(shown()).toBe('a');
});

it('does not take the screen from a talk', () => {
  send({ id: 'a', state: 'talking', ringing: [], answered_by: me });
  send({ id: 'b' });
  expect(shown()).toBe('a');
  expect(myCalls(useLive.getState()).map((call) => call.id)).toEqual(['a', 'b']);
});

it('puts an ended call aside for a new one, and away when dismissed', () => {
  send({ id: 'a', state: 'ended', ringing: [], answered_by: me });
  send({ id: 'b' });
  expect(shown()).toBe('b');
  useLive.getState().dismiss('a');
  expect(myCalls(useLive.getState()).map((call) => call.id)).toEqual(['b']);
});

it('follows the placed call, whichever comes first: answer or stream', () => {
  useLive.getState().place({ id: null, to: '101' });
  useLive.getState().place({ id: 'a', to: '101' });
  send({ id: 'a', direction: 'out', ringing: [], placed_by: me });
  expect(useLive.getState().placing).toBeNull();
  expect(shown()).toBe('a');

  send({ id: 'b', direction: 'out', ringing: [], placed_by: me });
  useLive.getState().place({ id: 'b', to: '102' });
  expect(useLive.getState().placing).toBeNull();
  expect(shown()).toBe('b');
});

it('remembers since when the link is lost', () => {
  useLive.getState().setLink('online');
  expect(useLive.getState().lostAt).toBeNull();
  useLive.getState().setLink('lost');
  const since = useLive.getState().lostAt;
  expect(since).not.toBeNull();
  useLive.getState().setLink('too_many');
  expect(useLive.getState().lostAt).toBe(since);
});
