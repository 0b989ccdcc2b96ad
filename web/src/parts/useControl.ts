import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { api, send } from '@/api/client';
import type { CallAction } from '@/api/types';
import { useLive } from '@/live/store';
import type { Call } from '@/live/types';
import { useToastError } from './errors';

export type ActionName = CallAction['action'];
export type Can = Partial<Record<ActionName, CallAction>>;

interface Order {
  action: ActionName;
  body?: { to?: string; user_id?: number; digits?: string };
}

const key = (id: string) => ['calls', 'actions', id];

/** What can be done with a live call now, and the reason for the rest (CO-07). */
export function useCallActions(call: Call, enabled: boolean): Can {
  // whether a consultation can be completed depends on that call
  const consult = useLive((live) => (call.consult_id ? (live.calls[call.consult_id]?.version ?? 0) : 0));
  return useActionsOf(call.id, `${call.version} ${consult}`, enabled && call.state !== 'ended');
}

/** The same of a call that is known by its id only; asked again with each state of it. */
export function useActionsOf(callId: string, state: string, enabled: boolean): Can {
  const { data } = useQuery({
    queryKey: [...key(callId), state],
    queryFn: ({ signal }) => send(api.GET('/calls/{id}/actions', { params: { path: { id: callId } }, signal })),
    enabled,
    // between two versions the last answer is better than no buttons
    placeholderData: (last) => last,
    retry: false,
  });
  return Object.fromEntries((data?.items ?? []).map((each) => [each.action, each]));
}

/** Gives an order; what the PBX did not do is told in words. */
export function useControl(callId: string) {
  const cache = useQueryClient();
  const fail = useToastError();
  return useMutation({
    mutationFn: ({ action, body }: Order) =>
      // all actions have one form; the body differs
      send(api.POST(`/calls/{id}/${action}` as '/calls/{id}/transfer', { params: { path: { id: callId } }, body: body ?? {} })),
    onError: (error) => fail(error),
    onSettled: () => void cache.invalidateQueries({ queryKey: key(callId) }),
  });
}
