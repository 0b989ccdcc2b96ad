import type { Call } from '@/live/types';

/**
 * Since when a missed call of this client waits to be returned (AF-02). A talk
 * that is over has settled it, though the call still carries what the pop brought.
 */
export function owedSince(call: Pick<Call, 'client' | 'state' | 'disposition'>): string | undefined {
  if (call.state === 'ended' && call.disposition === 'answered') return undefined;
  return call.client?.owed_since;
}
