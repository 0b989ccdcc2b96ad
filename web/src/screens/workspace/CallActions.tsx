import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { IconCheck, IconLink, IconPencil, IconPhone, IconPhoneX, IconShieldX, IconUserPlus } from '@tabler/icons-react';
import { lazy, Suspense, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { api, send } from '@/api/client';
import { useCan, useMe } from '@/app/session';
import { canHangUp, type Stage } from '@/live/stage';
import type { Call } from '@/live/types';
import { callQuery } from '@/parts/callQuery';
import { ConfirmSpam } from '@/parts/ConfirmSpam';
import { useToastError } from '@/parts/errors';
import { reach } from '@/parts/reach';
import { useDial } from '@/parts/useDial';
import { useActions } from '@/shell/actions';
import { ActionButton } from './ActionButton';
import { Controls } from './Controls';
import classes from './Workspace.module.css';

const ClientForm = lazy(() => import('@/parts/ClientForm'));
const AttachClient = lazy(() => import('@/parts/AttachClient'));

type Open = 'create' | 'attach' | 'spam' | null;

/** Only what works now is shown: a button must never lie. */
export function CallActions({ call, stage }: { call: Call; stage: Stage }) {
  const { t } = useTranslation();
  const me = useMe();
  const can = useCan();
  const cache = useQueryClient();
  const fail = useToastError();
  const { dismiss } = useActions();
  const { dial } = useDial();
  const [open, setOpen] = useState<Open>(null);
  const hangup = useMutation({
    mutationFn: () => send(api.POST('/calls/{id}/hangup', { params: { path: { id: call.id } } })),
    onError: (error) => fail(error),
  });
  const external = call.number.kind === 'external';
  const { data: record } = useQuery(callQuery(call.id));
  const unknown = !call.client && external && !record?.spam && call.lookup !== 'pending';
  const refresh = () => void cache.invalidateQueries({ queryKey: ['calls'] });
  const close = () => setOpen(null);
  return (
    <div className={classes.actions}>
      {unknown && can('clients.write') && (
        <>
          <ActionButton icon={IconUserPlus} label={t('call.create_client')} onClick={() => setOpen('create')} />
          <ActionButton icon={IconLink} label={t('call.attach')} onClick={() => setOpen('attach')} />
          <ActionButton icon={IconShieldX} label={t('call.mark_spam')} onClick={() => setOpen('spam')} />
        </>
      )}
      <ActionButton
        icon={IconPencil}
        label={t('call.note')}
        onClick={() => document.getElementById('call-note')?.focus()}
      />
      {can('calls.dial') && <Controls call={call} stage={stage} />}
      <span style={{ flex: 1 }} />
      {stage === 'ended' && call.number.kind !== 'anonymous' && can('calls.dial') && (
        <ActionButton
          icon={IconPhone}
          tone="green"
          label={t('call.again')}
          onClick={() => {
            dismiss(call.id);
            dial({ reach: reach(call.number, { call_id: call.id }), display: call.number.display, clientId: call.client?.id, personId: call.client?.person_id });
          }}
        />
      )}
      {stage === 'ended' && <ActionButton icon={IconCheck} label={t('call.done')} onClick={() => dismiss(call.id)} />}
      {canHangUp(call, me.id) && (
        <ActionButton
          icon={IconPhoneX}
          tone="red"
          label={t(stage === 'talking' || stage === 'held' ? 'call.hang_up' : 'call.cancel')}
          disabled={hangup.isPending || hangup.isSuccess}
          onClick={() => hangup.mutate()}
        />
      )}
      <Suspense>
        {open === 'create' && <ClientForm onClose={close} onSaved={refresh} call={{ id: call.id, number: call.number, name: call.caller_name }} />}
        {open === 'attach' && <AttachClient onClose={close} callId={call.id} number={call.number.display} onDone={refresh} />}
      </Suspense>
      {open === 'spam' && <ConfirmSpam callId={call.id} number={call.number.e164 || call.number.raw} display={call.number.display} onClose={close} onDone={refresh} />}
    </div>
  );
}
