import { Badge, Text, Tooltip, UnstyledButton } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import { useCan, useMe } from '@/app/session';
import { genderOf } from '@/format/text';
import { clock } from '@/format/time';
import { useNow } from '@/format/useNow';
import { useLive } from '@/live/store';
import type { Presence } from '@/live/types';
import { Face } from '@/parts/Face';
import { callable, presenceColor, presenceInk, sorted } from '@/parts/presence';
import { useDial } from '@/parts/useDial';
import classes from './Workspace.module.css';

/** The team with running times; old knowledge is shown as old (CO-11). */
export function TeamList() {
  const { t } = useTranslation();
  const presence = useLive((state) => state.presence);
  const link = useLive((state) => state.link);
  const stale = link !== 'online';
  const team = sorted(Object.values(presence));
  return (
    <>
      {stale && link !== 'connecting' && (
        <Text size="xs" c="var(--rc-orange)" mb={6}>
          {t('team.stale')}
        </Text>
      )}
      <div className={stale ? classes.stale : undefined}>
        {team.map((member) => (
          <Member key={member.user_id} member={member} stale={stale} />
        ))}
      </div>
      {team.length === 0 && link === 'online' && (
        <Text size="sm" c="dimmed">
          {t('team.empty')}
        </Text>
      )}
    </>
  );
}

function Member({ member, stale }: { member: Presence; stale: boolean }) {
  const { t } = useTranslation();
  const me = useMe();
  const can = useCan();
  const now = useNow();
  const { dial } = useDial();
  const number = member.extension ?? '';
  const ready = can('calls.dial') && member.user_id !== me.id && !!number && callable(member.state) && !stale;
  const timed = member.state !== 'offline' && member.state !== 'unknown';
  const button = (
    <UnstyledButton
      className={classes.member}
      disabled={!ready}
      aria-label={ready ? t('team.call', { name: member.name, number }) : undefined}
      onClick={() => dial({ reach: { to: number }, display: number, name: member.name })}
    >
      <Face name={member.name} size={34} dot={presenceColor[member.state]} />
      <span style={{ minWidth: 0, flex: 1 }}>
        <Text size="sm" fw={500} className="ellipsis" lh={1.3}>
          {member.name}
        </Text>
        <Text size="xs" c={presenceInk[member.state]} className="tabular" lh={1.3}>
          {t(`presence.${member.state}`, { context: genderOf(member.name) })}
          {timed && !stale && ` ${clock(now - Date.parse(member.since))}`}
        </Text>
      </span>
      {number && (
        <Badge color={member.state === 'offline' ? 'gray' : 'indigo'} radius="md" size="md" miw={36}>
          {number}
        </Badge>
      )}
    </UnstyledButton>
  );
  return ready ? <Tooltip label={t('team.call', { name: member.name, number })}>{button}</Tooltip> : button;
}
