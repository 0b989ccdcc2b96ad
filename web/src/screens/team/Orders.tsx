import { Button, Menu, Text, Tooltip } from '@mantine/core';
import { IconArrowForwardUp, IconEar, IconHandGrab, IconPhone, type Icon } from '@tabler/icons-react';
import { useState, type ReactElement } from 'react';
import { useTranslation } from 'react-i18next';
import { useCan, useMe } from '@/app/session';
import { answered } from '@/live/reduce';
import { useLive } from '@/live/store';
import type { Call, Presence } from '@/live/types';
import { useReason } from '@/parts/errors';
import { callable } from '@/parts/presence';
import { useActionsOf, useCallActions, useControl, type ActionName, type Can } from '@/parts/useControl';
import { useDial } from '@/parts/useDial';

interface Props {
  member: Presence;
  stale: boolean;
}

/** What can be done with a colleague now: call, hand him the talk, take his call, listen (CO-09, CO-11). */
export function Orders({ member, stale }: Props) {
  const me = useMe();
  const can = useCan();
  const talk = useLive((state) => Object.values(state.calls).find((call) => call.state !== 'ended' && call.state !== 'ringing' && answered(call, me.id)));
  if (member.user_id === me.id || !member.extension) return null;
  const busy = { callId: member.call_id ?? '', state: `${member.state} ${member.since}` };
  if (member.state === 'talking' && busy.callId && can('calls.supervise')) return <Supervise member={member} {...busy} stale={stale} />;
  if (!can('calls.dial')) return null;
  if (member.state === 'ringing' && busy.callId) return <Pickup {...busy} stale={stale} />;
  if (talk && callable(member.state)) return <HandOver member={member} call={talk} stale={stale} />;
  return <Dial member={member} stale={stale} />;
}

/** A button that says why it cannot be pressed. */
function Explained({ why, children }: { why: string | undefined; children: ReactElement }) {
  return why ? (
    <Tooltip label={why} multiline maw={260} events={{ hover: true, focus: true, touch: true }}>
      {/* a disabled button takes no pointer */}
      <span tabIndex={0}>{children}</span>
    </Tooltip>
  ) : (
    children
  );
}

function useWhy(can: Can) {
  const reason = useReason();
  return (action: ActionName) => {
    const state = can[action];
    return state && !state.allowed ? reason(state.code, state.text) : undefined;
  };
}

function Dial({ member, stale }: Props) {
  const { t } = useTranslation();
  const { dial } = useDial();
  const number = member.extension ?? '';
  const reason = stale ? 'stale' : callable(member.state) ? undefined : (member.state as 'talking' | 'ringing' | 'offline' | 'unknown');
  return (
    <Explained why={reason && t(`team.not_callable_${reason}`)}>
      <Button
        size="xs"
        variant="light"
        color="teal"
        leftSection={<IconPhone size={15} />}
        disabled={reason !== undefined}
        aria-label={t('team.call', { name: member.name, number })}
        onClick={() => dial({ reach: { to: number }, display: number, name: member.name })}
      >
        {t('call.dial')}
      </Button>
    </Explained>
  );
}

interface Busy {
  callId: string;
  state: string;
  stale: boolean;
}

function Pickup({ callId, state, stale }: Busy) {
  const { t } = useTranslation();
  const can = useActionsOf(callId, state, !stale);
  const why = useWhy(can);
  const control = useControl(callId);
  return (
    <Explained why={why('pickup')}>
      <Button
        size="xs"
        color="orange.8"
        leftSection={<IconHandGrab size={15} />}
        disabled={stale || !can.pickup?.allowed}
        loading={control.isPending}
        onClick={() => control.mutate({ action: 'pickup' })}
      >
        {t('control.pickup')}
      </Button>
    </Explained>
  );
}

interface Choice {
  action: 'listen' | 'whisper' | 'barge' | 'consult' | 'transfer';
  text?: string;
}

function Choices({ label, title, icon: Glyph, choices, can, stale, pending, onOpen, onChoose }: {
  label: string;
  title: string;
  icon: Icon;
  choices: Choice[];
  can: Can;
  stale: boolean;
  pending: boolean;
  onOpen?: (open: boolean) => void;
  onChoose: (action: Choice['action']) => void;
}) {
  const { t } = useTranslation();
  const why = useWhy(can);
  return (
    <Menu position="bottom-end" width={270} onChange={onOpen}>
      <Menu.Target>
        <Button size="xs" variant="light" leftSection={<Glyph size={15} />} disabled={stale} loading={pending} aria-label={label}>
          {title}
        </Button>
      </Menu.Target>
      <Menu.Dropdown>
        {choices.map(({ action, text }) => (
          <Menu.Item key={action} disabled={!can[action]?.allowed} onClick={() => onChoose(action)}>
            {t(action === 'consult' || action === 'transfer' ? `control.${action}_do` : `control.${action}`)}
            <Text size="xs" c="dimmed" style={{ whiteSpace: 'normal' }}>
              {why(action) ?? text}
            </Text>
          </Menu.Item>
        ))}
      </Menu.Dropdown>
    </Menu>
  );
}

const ways = ['listen', 'whisper', 'barge'] as const;

function Supervise({ member, callId, state, stale }: Busy & { member: Presence }) {
  const { t } = useTranslation();
  const [open, setOpen] = useState(false);
  const can = useActionsOf(callId, state, open && !stale);
  const control = useControl(callId);
  return (
    <Choices
      label={t('supervision.open_label', { name: member.name })}
      title={t('supervision.open')}
      icon={IconEar}
      choices={ways.map((action) => ({ action, text: t(`supervision.${action}_text`) }))}
      can={can}
      stale={stale}
      pending={control.isPending}
      onOpen={setOpen}
      onChoose={(action) => control.mutate({ action })}
    />
  );
}

function HandOver({ member, call, stale }: Props & { call: Call }) {
  const { t } = useTranslation();
  const can = useCallActions(call, !stale);
  const control = useControl(call.id);
  return (
    <Choices
      label={t('team.transfer', { name: member.name, number: member.extension })}
      title={t('control.transfer')}
      icon={IconArrowForwardUp}
      choices={[{ action: 'consult' }, { action: 'transfer' }]}
      can={can}
      stale={stale}
      pending={control.isPending}
      onChoose={(action) => control.mutate({ action, body: { user_id: member.user_id } })}
    />
  );
}
