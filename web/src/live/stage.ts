import { answered, incoming, placed } from './reduce';
import type { Call, Leg } from './types';

/**
 * Stage of a call as one user sees it.
 * - `incoming`: it rings him; `own_phone`: click-to-call rings his own phone
 *   (`own_phone_wait` before it rings); `dialling`: own phone is up, the other
 *   side is being dialled; `remote_ringing`: it rings there.
 */
export type Stage =
  | 'incoming'
  | 'own_phone_wait'
  | 'own_phone'
  | 'dialling'
  | 'remote_ringing'
  | 'talking'
  | 'held'
  | 'ended';

export function stageOf(call: Call, user: number): Stage {
  if (call.state === 'ended') return 'ended';
  // a transferred call rings the next one while the client is on the line
  if (incoming(call, user) && !answered(call, user)) return 'incoming';
  if (call.state === 'talking') return 'talking';
  if (call.state === 'held') return 'held';
  if (!placed(call, user)) return 'incoming';
  const own = ownLeg(call, user);
  if (!own || own.state === 'new') return 'own_phone_wait';
  if (own.state === 'ringing') return 'own_phone';
  const remote = remoteLegs(call, own);
  return remote.some((leg) => leg.state === 'ringing') ? 'remote_ringing' : 'dialling';
}

export function ownLeg(call: Call, user: number): Leg | undefined {
  const legs = call.legs.filter((leg) => leg.role === 'office');
  return legs.find((leg) => leg.user_id === user && !leg.dialed_by) ?? legs.find((leg) => leg.user_id === user);
}

function remoteLegs(call: Call, own: Leg): Leg[] {
  return call.legs.filter((leg) => leg.id !== own.id && leg.role !== 'service' && leg.state !== 'ended');
}

export type Lookup = 'pending' | 'found' | 'unknown' | 'late' | 'off';

/** How far the search for the client has come; `off`: there is nothing to look up. */
export function lookupOf(call: Call): Lookup {
  switch (call.lookup) {
    case 'pending':
    case 'found':
    case 'unknown':
    case 'late':
      return call.lookup;
    default:
      return 'off';
  }
}

/** May this user end the call from the page? Never a call that only rings him. */
export function canHangUp(call: Call, user: number): boolean {
  return call.state !== 'ended' && (answered(call, user) || placed(call, user));
}

/** Why a call ended, as a key of the translations below `outcome`. */
export type Outcome =
  | 'talked'
  | 'busy'
  | 'no_answer'
  | 'rejected'
  | 'unallocated'
  | 'congestion'
  | 'unreachable'
  | 'forbidden'
  | 'own_no_answer'
  | 'own_rejected'
  | 'own_unreachable'
  | 'cancelled'
  | 'caller_gave_up'
  | 'missed'
  | 'voicemail'
  | 'failed';

/** What the outcome depends on; a line of the history has no cause and legs. */
interface Finished {
  direction: Call['direction'];
  disposition?: string;
  cause?: number;
  legs?: readonly Pick<Leg, 'role' | 'dialed_by' | 'answered_at' | 'result' | 'cause'>[];
}

// Q.850 causes, ITU-T Q.850 table 1.
const causes: Record<number, Outcome> = {
  1: 'unallocated',
  2: 'unallocated',
  3: 'unallocated',
  17: 'busy',
  18: 'no_answer',
  19: 'no_answer',
  20: 'unreachable',
  21: 'rejected',
  22: 'unallocated',
  27: 'unreachable',
  28: 'unallocated',
  34: 'congestion',
  38: 'congestion',
  41: 'congestion',
  42: 'congestion',
  44: 'congestion',
  47: 'congestion',
  55: 'forbidden',
  57: 'forbidden',
};

export function outcomeOf(call: Finished): Outcome {
  if (call.disposition === 'answered') return 'talked';
  if (call.disposition === 'voicemail') return 'voicemail';
  if (call.direction === 'in') {
    if (call.disposition === 'abandoned') return 'caller_gave_up';
    return call.disposition === 'busy' ? 'busy' : 'missed';
  }
  const own = call.legs?.find((leg) => leg.role === 'office' && !leg.dialed_by);
  if (own && !own.answered_at && call.disposition !== 'abandoned') return ownOutcome(own);
  if (call.disposition === 'busy') return 'busy';
  if (call.disposition === 'abandoned') return 'cancelled';
  const known = causes[call.cause ?? 0];
  if (known) return known;
  return call.disposition === 'missed' ? 'no_answer' : 'failed';
}

function ownOutcome(leg: { result?: string; cause: number }): Outcome {
  if (leg.result === 'no_answer') return 'own_no_answer';
  if (leg.result === 'busy' || leg.result === 'rejected') return 'own_rejected';
  if (leg.result === 'cancelled') return 'cancelled';
  const cause = causes[leg.cause];
  if (cause === 'no_answer') return 'own_no_answer';
  if (cause === 'busy' || cause === 'rejected') return 'own_rejected';
  return 'own_unreachable';
}
