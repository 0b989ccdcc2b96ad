import type { Presence, PresenceState } from '@/live/types';

/** Mantine colours of presence dots. */
export const presenceColor: Record<PresenceState, string> = {
  free: 'teal.6',
  talking: 'red.6',
  ringing: 'orange.6',
  break: 'yellow.6',
  wrap_up: 'indigo.5',
  offline: 'gray.6',
  unknown: 'gray.5',
};

/** Text colours of presence, dark enough to read. */
export const presenceInk: Record<PresenceState, string> = {
  free: 'var(--rc-green)',
  talking: 'var(--rc-red)',
  ringing: 'var(--rc-orange)',
  break: 'var(--rc-yellow)',
  wrap_up: 'var(--rc-active-text)',
  offline: 'dimmed',
  unknown: 'dimmed',
};

/** Can a telephone in this state be called with hope of an answer. */
export function callable(state: PresenceState): boolean {
  return state === 'free' || state === 'break' || state === 'wrap_up';
}

/** By extension, those without one last, then by name: places do not jump when states change. */
export function sorted(team: Presence[]): Presence[] {
  return team.toSorted(
    (a, b) =>
      Number(!a.extension) - Number(!b.extension) ||
      (a.extension ?? '').localeCompare(b.extension ?? '', undefined, { numeric: true }) ||
      a.name.localeCompare(b.name),
  );
}
