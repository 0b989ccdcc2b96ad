import { create } from 'zustand';
import { concerns, emptyLive, reduce, type Happening, type LiveData } from './reduce';
import type { Link } from './socket';
import type { Call, Frame } from './types';

export interface Placing {
  id: string | null;
  to: string;
  name?: string;
}

export interface LiveState extends LiveData {
  link: Link;
  /** When the link was lost, ms of our clock; null while it holds. */
  lostAt: number | null;
  /** Calls that the user put away after their end. */
  dismissed: ReadonlySet<string>;
  /** Call that the user chose to look at. */
  selected: string | null;
  /** Click-to-call on its way: id is null until the server has taken it. */
  placing: Placing | null;
  apply: (frame: Frame) => void;
  setLink: (link: Link) => void;
  /** Takes what REST tells about a call that the stream does not show any more. */
  settle: (call: Call) => void;
  dismiss: (id: string) => void;
  select: (id: string | null) => void;
  place: (placing: Placing | null) => void;
  reset: () => void;
}

const listeners = new Set<(happening: Happening) => void>();

/** Tells the listener of every happening; used for toasts, sound and pops. */
export function onHappening(listener: (happening: Happening) => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

const fresh = {
  ...emptyLive,
  link: 'connecting' as Link,
  lostAt: null,
  dismissed: new Set<string>(),
  selected: null,
  placing: null,
};

export const useLive = create<LiveState>((set, get) => ({
  ...fresh,
  apply: (frame) => {
    const { data, happened } = reduce(get(), frame, Date.now());
    const focus = happened.find((item) => item.kind === 'answered' || item.kind === 'ringing');
    const placed = get().placing?.id;
    set({
      ...data,
      ...(focus && !busy(get(), focus.call.id) && { selected: focus.call.id }),
      ...(placed && data.calls[placed] && { placing: null }),
    });
    happened.forEach((item) => listeners.forEach((listener) => listener(item)));
  },
  setLink: (link) =>
    set((state) => {
      if (state.link === link) return state;
      const lost = link === 'online' || link === 'connecting' ? null : (state.lostAt ?? Date.now());
      return { link, lostAt: lost };
    }),
  settle: (call) => set((state) => ({ calls: { ...state.calls, [call.id]: call } })),
  dismiss: (id) =>
    set((state) => ({
      dismissed: new Set([...state.dismissed, id]),
      selected: state.selected === id ? null : state.selected,
    })),
  select: (id) => set({ selected: id }),
  place: (placing) =>
    set((state) => {
      if (!placing?.id) return { placing, selected: placing ? null : state.selected };
      // the stream may have been quicker than the answer
      const known = state.calls[placing.id] !== undefined;
      return { placing: known ? null : placing, selected: placing.id };
    }),
  reset: () => set({ ...fresh, dismissed: new Set() }),
}));

// While the user talks, another call that rings must not take the screen.
function busy(state: LiveState, other: string): boolean {
  const me = state.me?.id ?? 0;
  return Object.values(state.calls).some(
    (call) => call.id !== other && call.state === 'talking' && concerns(call, me),
  );
}

const order: Record<Call['state'], number> = { talking: 0, ringing: 1, held: 2, ended: 3 };

/** The user's calls, most pressing first, without those put away. */
export function myCalls(state: Pick<LiveState, 'me' | 'calls' | 'dismissed'>): Call[] {
  const me = state.me?.id ?? 0;
  return Object.values(state.calls)
    .filter((call) => concerns(call, me) && !state.dismissed.has(call.id))
    .sort((a, b) => order[a.state] - order[b.state] || Date.parse(b.started_at) - Date.parse(a.started_at));
}

/** The call that the workspace shows. */
export function focused(calls: Call[], selected: string | null): Call | undefined {
  return calls.find((call) => call.id === selected) ?? calls[0];
}
