import { Menu } from '@mantine/core';
import {
  IconArrowForwardUp,
  IconArrowsJoin,
  IconDialpad,
  IconDots,
  IconMicrophone,
  IconMicrophoneOff,
  IconParking,
  IconPhoneOff,
  IconPlayerPause,
  IconPlayerPlay,
  IconUsersPlus,
  type Icon,
} from '@tabler/icons-react';
import { notifications } from '@mantine/notifications';
import { lazy, Suspense, useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { Stage } from '@/live/stage';
import type { Call } from '@/live/types';
import { useReason } from '@/parts/errors';
import { useCallActions, useControl, type ActionName } from '@/parts/useControl';
import { ActionButton } from './ActionButton';
import { RecordButton } from './RecordButton';

const TransferDialog = lazy(() => import('./TransferDialog'));
const Dialpad = lazy(() => import('./Dialpad'));

type Dialog = 'transfer' | 'redirect' | 'conference' | 'dtmf' | null;

/** Hold, mute, transfer and the rest, each as this PBX and this call allow it (CO-07). */
export function Controls({ call, stage }: { call: Call; stage: Stage }) {
  const { t } = useTranslation();
  const reason = useReason();
  const up = stage === 'talking' || stage === 'held';
  const can = useCallActions(call, up || stage === 'incoming');
  const control = useControl(call.id);
  const [dialog, setDialog] = useState<Dialog>(null);
  if (!up && stage !== 'incoming') return null;
  const why = (action: ActionName) => {
    const state = can[action];
    return state && !state.allowed ? reason(state.code, state.text) : undefined;
  };
  const button = (action: ActionName, icon: Icon, open?: Dialog, pressed?: boolean) => (
    <ActionButton
      icon={icon}
      label={t(`control.${action}`)}
      disabled={!can[action]?.allowed || control.isPending}
      hint={why(action)}
      pressed={pressed}
      tone={pressed ? 'on' : undefined}
      onClick={() => (open ? setDialog(open) : control.mutate({ action }))}
    />
  );
  const consulting = can.complete?.allowed || can.cancel?.allowed || can.complete?.code === 'consultation_rings';
  const more: [ActionName, Icon, Dialog?][] = [
    ['dtmf', IconDialpad, 'dtmf'],
    ['conference', IconUsersPlus, 'conference'],
    ['park', IconParking],
  ];
  return (
    <>
      {stage === 'incoming' && button('redirect', IconArrowForwardUp, 'redirect')}
      {up && !consulting && (
        <>
          {can.resume?.allowed ? button('resume', IconPlayerPlay, undefined, true) : button('hold', IconPlayerPause)}
          {can.unmute?.allowed ? button('unmute', IconMicrophoneOff, undefined, true) : button('mute', IconMicrophone)}
          {button('transfer', IconArrowForwardUp, 'transfer')}
          <RecordButton callId={call.id} />
          <Menu position="bottom-end" width={260}>
            <Menu.Target>
              <div>
                <ActionButton icon={IconDots} label={t('control.more')} onClick={() => undefined} />
              </div>
            </Menu.Target>
            <Menu.Dropdown>
              {more.map(([action, Glyph, open]) => (
                <Menu.Item
                  key={action}
                  leftSection={<Glyph size={17} aria-hidden />}
                  disabled={!can[action]?.allowed || control.isPending}
                  onClick={() =>
                    open
                      ? setDialog(open)
                      : control.mutate(
                          { action },
                          {
                            onSuccess: ({ slot }) =>
                              slot && notifications.show({ message: t('control.parked', { slot }), autoClose: 15000 }),
                          },
                        )
                  }
                >
                  {t(`control.${action}`)}
                  {why(action) && (
                    <div style={{ fontSize: 12, whiteSpace: 'normal' }}>{why(action)}</div>
                  )}
                </Menu.Item>
              ))}
            </Menu.Dropdown>
          </Menu>
        </>
      )}
      {up && consulting && (
        <>
          {button('complete', IconArrowsJoin)}
          {button('conference', IconUsersPlus)}
          {button('cancel', IconPhoneOff)}
        </>
      )}
      <Suspense>
        {(dialog === 'transfer' || dialog === 'redirect' || dialog === 'conference') && (
          <TransferDialog
            mode={dialog}
            can={can}
            why={why}
            pending={control.isPending}
            onOrder={(action, body) => control.mutate({ action, body }, { onSuccess: () => setDialog(null) })}
            onClose={() => setDialog(null)}
          />
        )}
        {dialog === 'dtmf' && (
          <Dialpad onDigits={(digits) => control.mutate({ action: 'dtmf', body: { digits } })} onClose={() => setDialog(null)} />
        )}
      </Suspense>
    </>
  );
}
