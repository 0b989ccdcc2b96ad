import type { components } from '@/api/schema';

type Schemas = components['schemas'];

// The stream is no OpenAPI operation, but what it carries is described there.
export type Num = Schemas['Number'];
export type Match = Schemas['CallMatch'];
export type CallClient = Schemas['CallClient'];
export type Leg = Schemas['Leg'];
export type Transfer = Schemas['Transfer'];
export type Party = Schemas['Party'];
export type Call = Schemas['Call'];
export type Presence = Schemas['Presence'];
export type PresenceState = Presence['state'];
export type PBX = Schemas['PBXStatus'];
export type Snapshot = Schemas['StreamSnapshot'];

interface Numbered {
  epoch: string;
  /** Grows by one from frame to frame of an epoch. */
  seq: number;
  /** Time of the server, RFC 3339. */
  at: string;
}

/** A frame of the server that has its place in the stream. */
export type Frame = Numbered &
  (
    | { type: 'snapshot'; data: Snapshot }
    | { type: 'call'; data: Call }
    | { type: 'presence'; data: { items: Presence[] } }
    | { type: 'pbx'; data: { items: PBX[] } }
    | { type: 'notification'; data: unknown }
    /** Something that queries show has changed. */
    | { type: 'recording'; data: Schemas['Recording'] }
    | { type: 'queue'; data: unknown }
    /** A page of a foreign CRM for this call (PU-10). */
    | { type: 'link'; data: { call_id: string; url: string } }
    | { type: 'obligation'; data: unknown }
    /** Holds the place of a replayed message that a later one replaces. */
    | { type: 'skip' }
  );

/** What comes over the socket; pong answers our ping and has no place. */
export type Incoming = Frame | { type: 'pong' };
