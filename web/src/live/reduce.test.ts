import { describe, expect, it } from 'vitest';
import { answered, concerns, emptyLive, reduce, type Happening, type LiveData } from './reduce';
import { aCall, aLeg, aSnapshot } from './testing';
import type { Call, Frame } from './types';

const at = '2026-11-22T10:00:05Z';
const now = Date.parse(at);
const other = { user_id: 2, name: 'Смирнова Анна', device: 'PJSIP/102' };
const me = { user_id: 1, name: 'Анна', device: 'PJSIP/101' };

let seq = 0;
const snapshot = (calls: Call[] = []): Frame => ({ type: 'snapshot', epoch: 'e', seq: ++seq, at, data: aSnapshot({ calls }) });
const call = (change: Partial<Call>): Frame => ({ type: 'call', epoch: 'e', seq: ++seq, at, data: aCall(change) });

function play(...frames: Frame[]): { data: LiveData; happened: Happening[] } {
  return frames.reduce(
    (state, frame) => {
      const next = reduce(state.data, frame, now);
      return { data: next.data, happened: [...state.happened, ...next.happened] };
    },
    { data: emptyLive, happened: [] as Happening[] },
  );
}

const kinds = (happened: Happening[]) => happened.map((each) => each.kind);

describe('calls of the stream', () => {
  it('rings once, however many updates the ringing call brings', () => {
    const { happened } = play(snapshot(), call({ version: 1, lookup: 'pending' }), call({ version: 2 }));
    expect(kinds(happened)).toEqual(['ringing']);
  });

  it('ignores a version that is not newer', () => {
    const { data, happened } = play(
      snapshot(),
      call({ version: 5, state: 'talking', ringing: [], answered_by: me }),
      call({ version: 4 }),
      call({ version: 5 }),
    );
    expect(data.calls.c1?.state).toBe('talking');
    expect(kinds(happened)).toEqual(['answered']);
  });

  it('PU-02 closes the pop and tells who has answered elsewhere', () => {
    const { data, happened } = play(snapshot(), call({ version: 1 }), call({ version: 2, ringing: [], answered_by: other }));
    expect(kinds(happened)).toEqual(['ringing', 'taken']);
    expect(concerns(data.calls.c1!, 1)).toBe(false);
  });

  it('PU-02 tells it once when the other is named while the own telephone still rings', () => {
    const { happened } = play(
      snapshot(),
      call({ version: 1 }),
      call({ version: 2, ringing: [me], answered_by: other }),
      call({ version: 3, ringing: [], answered_by: other }),
      call({ version: 4, ringing: [], answered_by: other, state: 'talking' }),
    );
    expect(kinds(happened)).toEqual(['ringing', 'taken']);
  });

  it('PU-02 CK-08 follows a transfer: who gave the call away loses it, who gets it has it', () => {
    const given = { at: '2026-11-22T10:00:05Z', kind: 'blind' as const, by: other, from: other, to: me };
    const { data, happened } = play(
      snapshot(),
      call({ version: 5, answered_by: other, transfers: [given] }),
      call({ version: 6, ringing: [], talking: [me], answered_by: other, transfers: [given], state: 'talking' }),
      call({ version: 7, ringing: [], talking: [me], answered_by: other, transfers: [given], state: 'ended' }),
    );
    expect(kinds(happened)).toEqual(['ringing', 'answered', 'ended']);
    expect(concerns(data.calls.c1!, 1)).toBe(true);
    expect(concerns(data.calls.c1!, 2)).toBe(false);
  });

  it('does not bring back a taken call by a late older message', () => {
    const { data } = play(snapshot(), call({ version: 3, ringing: [], answered_by: other }), call({ version: 1 }));
    expect(concerns(data.calls.c1!, 1)).toBe(false);
  });

  it('tells of a missed call when nobody has answered', () => {
    const { happened } = play(
      snapshot(),
      call({ version: 1 }),
      call({ version: 2, ringing: [], state: 'ended', disposition: 'abandoned' }),
    );
    expect(kinds(happened)).toEqual(['ringing', 'missed']);
  });

  it('tells of a missed call also when the telephone fell silent first', () => {
    const legs = [aLeg({ user_id: 1, ring_at: at })];
    const { happened } = play(
      snapshot(),
      call({ version: 1, legs }),
      call({ version: 2, legs, ringing: [] }),
      call({ version: 3, legs, ringing: [], state: 'ended', disposition: 'abandoned' }),
    );
    expect(kinds(happened)).toEqual(['ringing', 'missed']);
  });

  it('is silent when the queue moves on to another telephone', () => {
    const { happened } = play(snapshot(), call({ version: 1 }), call({ version: 2, ringing: [other] }));
    expect(kinds(happened)).toEqual(['ringing']);
  });

  it('shows the own click-to-call without ringing for it', () => {
    const { data, happened } = play(snapshot(), call({ direction: 'out', placed_by: me }));
    expect(happened).toEqual([]);
    expect(concerns(data.calls.c1!, 1)).toBe(true);
  });

  it('hides a call that turned out to be a part of another', () => {
    const { data } = play(snapshot(), call({ version: 2, answered_by: me, state: 'ended', merged_into: 'c2' }));
    expect(concerns(data.calls.c1!, 1)).toBe(false);
  });
});

describe('snapshots', () => {
  it('PU-04 does not ring again for a call that rang before the reconnection', () => {
    const { happened } = play(snapshot(), call({ version: 1 }), snapshot([aCall({ version: 1 })]));
    expect(kinds(happened)).toEqual(['ringing']);
  });

  it('asks after a call that ended while the link was down', () => {
    const { happened } = play(snapshot(), call({ version: 2, state: 'talking', ringing: [], answered_by: me }), snapshot());
    expect(kinds(happened)).toEqual(['answered', 'lost']);
  });

  it('keeps an ended call of the user: its note may not be finished', () => {
    const { data } = play(
      snapshot(),
      call({ version: 2, state: 'talking', ringing: [], answered_by: me }),
      call({ version: 3, state: 'ended', ringing: [], answered_by: me, disposition: 'answered' }),
      snapshot(),
    );
    expect(data.calls.c1?.state).toBe('ended');
  });

  it('never steps back to an older version than the page has', () => {
    const { data } = play(
      snapshot(),
      call({ version: 7, state: 'talking', ringing: [], answered_by: me }),
      snapshot([aCall({ version: 6 })]),
    );
    expect(data.calls.c1?.state).toBe('talking');
  });

  it('measures how far the own clock is off', () => {
    expect(reduce(emptyLive, snapshot(), now - 3000).data.skew).toBe(3000);
  });
});

it('PU-04 a replay neither moves the clock nor breaks on a placeholder', () => {
  const old = { epoch: 'e', seq: ++seq, at: '2026-11-22T09:00:00Z' };
  const { data } = play(snapshot(), { ...old, type: 'skip' }, { ...old, type: 'notification', data: null });
  expect(data.skew).toBe(0);
});

it('lets a type of a newer server pass', () => {
  const { data } = play(snapshot(), { type: 'weather', epoch: 'e', seq: ++seq, at, data: {} } as unknown as Frame);
  expect(data.me?.id).toBe(1);
});

it('merges presence by user', () => {
  const line = { name: 'Пётр', state: 'free' as const, since: at };
  const { data } = play(
    snapshot(),
    { type: 'presence', epoch: 'e', seq: ++seq, at, data: { items: [{ ...line, user_id: 2 }] } },
    { type: 'presence', epoch: 'e', seq: ++seq, at, data: { items: [{ ...line, user_id: 3, state: 'talking' }] } },
  );
  expect(Object.values(data.presence).map((each) => each.state)).toEqual(['free', 'talking']);
});

it('forgets calls of others before the user’s own', () => {
  const frames = Array.from({ length: 260 }, (_, index) => call({ id: `x${index}`, ringing: [other] }));
  const { data } = play(snapshot(), call({ id: 'mine', state: 'talking', ringing: [], answered_by: me }), ...frames);
  expect(Object.keys(data.calls)).toHaveLength(200);
  expect(data.calls.mine).toBeDefined();
});

it('PU-01 CK-08 a call handed on leaves the screen of who had it and comes to the next', () => {
  const party = (id: number) => ({ user_id: id, name: String(id), device: `PJSIP/10${id}` });
  const rung = aCall({ state: 'talking', answered_by: party(1), talking: [party(1)], ringing: [party(2)] });
  expect(concerns(rung, 1)).toBe(true);
  expect(concerns(rung, 2)).toBe(true);
  const taken = { ...rung, ringing: [], talking: [party(2)] };
  expect(concerns(taken, 1)).toBe(false);
  expect(answered(taken, 2)).toBe(true);
  const placed = aCall({ direction: 'out', state: 'talking', placed_by: party(1), ringing: [], talking: [party(2)] });
  expect(concerns(placed, 1)).toBe(false);
});
