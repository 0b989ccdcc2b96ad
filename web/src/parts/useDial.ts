import { useMutation } from '@tanstack/react-query';
import { useNavigate } from 'react-router';
import { api, send } from '@/api/client';
import { useLive } from '@/live/store';
import { useToastError } from './errors';
import type { Reach } from './reach';
import { uuid } from './uuid';

export interface Target {
  reach: Reach;
  /** The number as this user sees it. */
  display: string;
  clientId?: number | null;
  personId?: number | null;
  /** Shown while the call is being set up. */
  name?: string;
}

/**
 * Click-to-call (CO-01): opens the workspace at once with the number, asks the
 * server to ring the own phone, and follows the call by the id it gives.
 */
export function useDial() {
  const navigate = useNavigate();
  const fail = useToastError();
  const { mutate, isPending } = useMutation({
    mutationFn: ({ reach, clientId, personId }: Target) =>
      send(
        api.POST('/calls', {
          params: { header: { 'Idempotency-Key': uuid(), 'X-Requested-At': new Date().toISOString() } },
          body: { ...reach, client_id: clientId ?? undefined, person_id: personId ?? undefined },
        }),
      ),
    onMutate: ({ display, name }) => {
      useLive.getState().place({ id: null, to: display, name });
      void navigate('/');
    },
    onSuccess: ({ id }, { display, name }) => useLive.getState().place({ id, to: display, name }),
    onError: (error) => {
      useLive.getState().place(null);
      fail(error);
    },
  });
  return { dial: mutate, dialling: isPending };
}
