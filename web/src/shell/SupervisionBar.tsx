import { Button, SegmentedControl } from '@mantine/core';
import { IconEar, IconPhoneX } from '@tabler/icons-react';
import { useTranslation } from 'react-i18next';
import { useMe } from '@/app/session';
import { clock } from '@/format/time';
import { useNow } from '@/format/useNow';
import { useLive } from '@/live/store';
import type { Presence } from '@/live/types';
import { useControl } from '@/parts/useControl';
import classes from './Shell.module.css';

const ways = ['listen', 'whisper', 'barge'] as const;

/**
 * On every screen: whose talk this user listens to, with the way and the stop,
 * and who speaks into a talk of his own (CO-09).
 */
export function SupervisionBar() {
  const me = useMe();
  const presence = useLive((state) => state.presence);
  const mine = presence[me.id]?.supervises;
  const heard = Object.values(presence).filter((each) => each.user_id !== me.id && each.supervises?.user_id === me.id && each.supervises.mode !== 'listen');
  return (
    <>
      {mine && <Mine supervision={mine} ringing={presence[me.id]?.state === 'ringing'} />}
      {heard.map((each) => (
        <Heard key={each.user_id} by={each} />
      ))}
    </>
  );
}

function Mine({ supervision, ringing }: { supervision: NonNullable<Presence['supervises']>; ringing: boolean }) {
  const { t } = useTranslation();
  const now = useNow();
  const control = useControl(supervision.call_id);
  return (
    <div className={classes.supervision} role="region" aria-label={t('supervision.label')}>
      <IconEar size={18} aria-hidden style={{ flex: 'none' }} />
      <span role="status">{t(`supervision.${ringing ? 'calling' : supervision.mode}`, { name: supervision.name })}</span>
      <span className="tabular">{clock(now - Date.parse(supervision.since))}</span>
      <SegmentedControl
        size="xs"
        ml="auto"
        aria-label={t('supervision.label')}
        disabled={control.isPending}
        value={supervision.mode}
        onChange={(value) => {
          const way = ways.find((each) => each === value);
          if (way) control.mutate({ action: way });
        }}
        data={ways.map((value) => ({ value, label: t(`control.${value}`) }))}
      />
      <Button size="xs" color="red.8" leftSection={<IconPhoneX size={15} />} loading={control.isPending} onClick={() => control.mutate({ action: 'leave' })}>
        {t('control.leave')}
      </Button>
    </div>
  );
}

function Heard({ by }: { by: Presence }) {
  const { t } = useTranslation();
  return (
    <div className={classes.supervision} role="status">
      <IconEar size={18} aria-hidden style={{ flex: 'none' }} />
      <span>{t(by.supervises?.mode === 'barge' ? 'supervision.heard_barge' : 'supervision.heard_whisper', { name: by.name })}</span>
    </div>
  );
}
