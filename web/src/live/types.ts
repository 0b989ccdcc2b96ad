import type { Me } from '@/api/types';

// Shapes of the stream (GET /api/v1/stream). The stream is no OpenAPI
// operation, so they are written here after the public contract.

export interface Num {
  raw: string;
  e164?: string;
  display: string;
  kind: 'external' | 'extension' | 'anonymous' | 'invalid';
}

export interface Party {
  user_id?: number;
  name: string;
  device: string;
}

export type MatchReason = 'main_contact' | 'affiliation' | 'client_number' | 'person';

export interface Match {
  client_id?: number;
  person_id?: number;
  name: string;
  organisation?: string;
  reason: MatchReason;
  rank: number;
}

export interface CallClient {
  id: number;
  name: string;
  kind: 'company' | 'person' | 'entrepreneur';
  person_id?: number;
  person_name?: string;
  position?: string;
  group?: string;
  city?: string;
  responsible?: string;
  responsible_id?: number;
  potential: number | null;
  deal_sum: string;
  note?: string;
  last_contact_at: string | null;
  last_contact?: string;
}

export interface Leg {
  id: string;
  name: string;
  endpoint: string;
  role: 'client' | 'office' | 'service';
  user_id?: number;
  user_name?: string;
  number?: string;
  dialed_by?: string;
  state: 'new' | 'ringing' | 'up' | 'ended';
  result?: string;
  held?: boolean;
  started_at: string;
  ring_at: string | null;
  answered_at: string | null;
  talked_at: string | null;
  ended_at: string | null;
  cause: number;
  tech_cause?: number;
}

export type Direction = 'in' | 'out' | 'internal';
export type CallState = 'ringing' | 'talking' | 'held' | 'ended';
export type Disposition = 'answered' | 'missed' | 'abandoned' | 'busy' | 'failed' | 'voicemail';

export interface Call {
  id: string;
  version: number;
  pbx: string;
  direction: Direction;
  state: CallState;
  disposition?: Disposition;
  cause: number;
  number: Num;
  caller_name?: string;
  did?: string;
  queue?: string;
  lookup: '' | 'pending' | 'found' | 'unknown' | 'late';
  matches: Match[] | null;
  client: CallClient | null;
  ringing: Party[] | null;
  answered_by: Party | null;
  placed_by: Party | null;
  ended_by?: 'client' | 'office' | 'pbx';
  legs: Leg[] | null;
  started_at: string;
  ring_at: string | null;
  answered_at: string | null;
  ended_at: string | null;
  wait_ms: number;
  talk_ms: number;
  hold_ms: number;
  recorded: boolean;
  recovered: boolean;
  spam?: boolean;
}

export type PresenceState = 'talking' | 'ringing' | 'break' | 'wrap_up' | 'free' | 'offline' | 'unknown';

export interface Presence {
  user_id: number;
  name: string;
  extension?: string;
  state: PresenceState;
  since: string;
}

export interface PBX {
  name: string;
  connected: boolean;
  since: string | null;
  version?: string;
  last_error?: string;
}

export interface Snapshot {
  me: Me;
  calls: Call[] | null;
  presence: Presence[] | null;
  pbx: PBX[] | null;
}

/** One frame of the server. pong has neither epoch nor seq. */
export type Frame =
  | { type: 'snapshot'; epoch: string; seq: number; at: string; data: Snapshot }
  | { type: 'call'; epoch: string; seq: number; at: string; data: Call }
  | { type: 'presence'; epoch: string; seq: number; at: string; data: { items: Presence[] | null } }
  | { type: 'pbx'; epoch: string; seq: number; at: string; data: { items: PBX[] | null } }
  | { type: 'notification'; epoch: string; seq: number; at: string; data: unknown }
  | { type: 'pong' };
