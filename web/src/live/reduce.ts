import type { Me } from '@/api/types';
import type { Call, Frame, Party, PBX, Presence } from './types';

/** What the stream has told so far. */
export interface LiveData {
  me: Me | null;
  calls: Readonly<Record<string, Call>>;
  presence: Readonly<Record<number, Presence>>;
  pbx: readonly PBX[];
  /** Server clock minus ours, ms: timers count by the server's clock. */
  skew: number;
}

export const emptyLive: LiveData = { me: null, calls: {}, presence: {}, pbx: [], skew: 0 };

/** Something that happened to a call and that the user should notice. */
export type Happening =
  | { kind: 'ringing' | 'answered' | 'taken' | 'missed' | 'ended'; call: Call }
  /** A call that was up before a reconnection and is unknown after it. */
  | { kind: 'lost'; call: Call };

const FORGET_AFTER = 200;

export function rings(call: Call, user: number): boolean {
  return call.state !== 'ended' && call.ringing.some((party) => party.user_id === user);
}

/** Has this user the call now, on hold or not. */
export function answered(call: Call, user: number): boolean {
  return holders(call).some((party) => party.user_id === user);
}

/** Who has the call, as others are told; empty while nobody has it. */
export function taker(call: Call): string {
  return holders(call)[0]?.name ?? '';
}

// Between the pick-up and the first word only `answered_by` names him. It is
// who talked first, also when he has handed the call on.
function holders(call: Call): Party[] {
  const first = call.answered_by;
  if (call.talking.length > 0 || !first) return call.talking;
  return call.transfers.some((step) => step.from?.user_id === first.user_id) ? [] : [first];
}

export function placed(call: Call, user: number): boolean {
  return call.direction !== 'in' && call.placed_by?.user_id === user && !handedOn(call, user);
}

function handedOn(call: Call, user: number): boolean {
  return call.talking.length > 0 && !answered(call, user);
}

/** Does somebody call this user; his own click-to-call also rings his phone but is no incoming call. */
export function incoming(call: Call, user: number): boolean {
  return rings(call, user) && !placed(call, user);
}

/**
 * Is the call on this user's screen: it rings him, or he placed it, or has it.
 * One that turned out to be a part of another is shown as that other.
 */
export function concerns(call: Call, user: number): boolean {
  if (call.merged_into) return false;
  return rings(call, user) || answered(call, user) || placed(call, user);
}

/** Applies one frame; pure. An older version of a call is ignored. */
export function reduce(
  data: LiveData,
  frame: Frame,
  now: number,
): { data: LiveData; happened: Happening[] } {
  const skew = skewOf(frame, now, data.skew);
  switch (frame.type) {
    case 'snapshot': {
      const { me, calls, presence, pbx } = frame.data;
      const fresh = Object.fromEntries(calls.map((call) => [call.id, newer(data.calls[call.id], call)]));
      const happened = Object.values(fresh).flatMap((call) => changes(data.calls[call.id], call, me.id));
      for (const old of Object.values(data.calls)) {
        if (fresh[old.id] || !concerns(old, me.id)) continue;
        if (old.state === 'ended') fresh[old.id] = old;
        else happened.push({ kind: 'lost', call: old });
      }
      return { data: { me, calls: fresh, presence: byUser(presence), pbx, skew }, happened };
    }
    case 'call': {
      const call = frame.data;
      const before = data.calls[call.id];
      if (before && before.version >= call.version) return { data: { ...data, skew }, happened: [] };
      const me = data.me?.id ?? 0;
      return {
        data: { ...data, skew, calls: prune({ ...data.calls, [call.id]: call }, me) },
        happened: changes(before, call, me),
      };
    }
    case 'presence':
      return {
        data: { ...data, skew, presence: { ...data.presence, ...byUser(frame.data.items) } },
        happened: [],
      };
    case 'pbx':
      return { data: { ...data, skew, pbx: frame.data.items }, happened: [] };
    case 'notification':
    case 'recording':
    case 'queue':
    case 'link':
    case 'obligation':
    case 'skip':
      return { data: { ...data, skew }, happened: [] };
    default:
      // a newer server may send types that this page does not know
      return { data, happened: [] };
  }
}

function changes(before: Call | undefined, call: Call, user: number): Happening[] {
  const rang = before !== undefined && incoming(before, user);
  const happened: Happening[] = [];
  if (incoming(call, user) && !rang && !answered(call, user)) happened.push({ kind: 'ringing', call });
  if (talks(call) && answered(call, user) && !(before && talks(before) && answered(before, user))) {
    happened.push({ kind: 'answered', call });
  }
  if (before && (rang || hasRung(call, user)) && !concerns(call, user)) {
    // who takes it is often named while the telephone still rings
    if (taker(call) && (rang || !taker(before))) happened.push({ kind: 'taken', call });
    else if (!taker(call) && call.state === 'ended' && before.state !== 'ended') happened.push({ kind: 'missed', call });
  }
  if (call.state === 'ended' && before && before.state !== 'ended' && concerns(call, user)) {
    happened.push({ kind: 'ended', call });
  }
  return happened;
}

// The telephone falls silent in a message of its own, before the one that tells the end.
function hasRung(call: Call, user: number): boolean {
  return !placed(call, user) && call.legs.some((leg) => leg.user_id === user && leg.role === 'office' && leg.ring_at !== null);
}

function talks(call: Call): boolean {
  return call.state === 'talking' || call.state === 'held';
}

function newer(before: Call | undefined, call: Call): Call {
  return before && before.version > call.version ? before : call;
}

function byUser(items: Presence[]): Record<number, Presence> {
  return Object.fromEntries(items.map((item) => [item.user_id, item]));
}

// A replayed message is old: only a snapshot may turn the clock back.
function skewOf(frame: Frame, now: number, before: number): number {
  const server = Date.parse(frame.at);
  if (Number.isNaN(server)) return before;
  return frame.type === 'snapshot' ? server - now : Math.max(before, server - now);
}

// Calls of others stay a while so that a late older message cannot bring them
// back, and are forgotten in the order they came.
function prune(calls: Record<string, Call>, user: number): Record<string, Call> {
  const ids = Object.keys(calls);
  if (ids.length <= FORGET_AFTER) return calls;
  const spare = ids.filter((id) => {
    const call = calls[id];
    return call !== undefined && (call.state === 'ended' || !concerns(call, user));
  });
  const drop = new Set(spare.slice(0, ids.length - FORGET_AFTER));
  return Object.fromEntries(Object.entries(calls).filter(([id]) => !drop.has(id)));
}
