import { useMutation, useQueryClient } from '@tanstack/react-query';
import { api, send } from '@/api/client';
import { meQuery, useMe } from '@/app/session';
import { useLive } from '@/live/store';
import { useToastError } from '@/parts/errors';

export const statuses = ['free', 'break', 'wrap_up'] as const;
export type Status = (typeof statuses)[number];

export function asStatus(value: string | undefined): Status | null {
  return statuses.find((each) => each === value) ?? null;
}

/** The user's own status: as presence says it, or while he talks as he set it. */
export function useStatus(): { status: Status; setStatus: (value: string) => void } {
  const me = useMe();
  const cache = useQueryClient();
  const fail = useToastError();
  const seen = useLive((state) => state.presence[me.id]?.state);
  const { mutate, variables, isPending } = useMutation({
    mutationFn: (status: Status) => send(api.PUT('/me/status', { body: { status } })),
    onSuccess: (presence, status) => {
      cache.setQueryData(meQuery.queryKey, (old) => (old ? { ...old, status } : old));
      useLive.setState((state) => ({ presence: { ...state.presence, [me.id]: { ...presence } } }));
    },
    onError: (error) => fail(error),
  });
  const status = (isPending ? variables : null) ?? asStatus(seen) ?? asStatus(me.status) ?? 'free';
  return {
    status,
    setStatus: (value) => {
      const wanted = asStatus(value);
      if (wanted) mutate(wanted);
    },
  };
}
