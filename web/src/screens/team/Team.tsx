import { Alert, Group, SegmentedControl, Text } from '@mantine/core';
import { IconClockExclamation, IconUsersGroup } from '@tabler/icons-react';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useMe } from '@/app/session';
import { genderOf } from '@/format/text';
import { clock } from '@/format/time';
import { useFormat } from '@/format/useFormat';
import { useNow } from '@/format/useNow';
import { useLive } from '@/live/store';
import type { Presence } from '@/live/types';
import { Face } from '@/parts/Face';
import { presenceColor, presenceInk, sorted } from '@/parts/presence';
import { Screen } from '@/parts/Screen';
import classes from '@/parts/Screen.module.css';
import { Empty, Lines } from '@/parts/States';
import { Orders } from './Orders';
import { Queues } from './Queues';
import own from './Team.module.css';

const filters = ['all', 'free', 'busy', 'offline'] as const;
type Filter = (typeof filters)[number];

function fits({ state }: Presence, filter: Filter): boolean {
  switch (filter) {
    case 'all':
      return true;
    case 'free':
      return state === 'free';
    case 'busy':
      return state === 'talking' || state === 'ringing' || state === 'break' || state === 'wrap_up';
    case 'offline':
      return state === 'offline' || state === 'unknown';
  }
}

/** Who of the team is free, talking or away, and since when (CO-11). */
export function Team() {
  const { t } = useTranslation();
  const presence = useLive((state) => state.presence);
  const link = useLive((state) => state.link);
  const lostAt = useLive((state) => state.lostAt);
  const format = useFormat();
  const [filter, setFilter] = useState<Filter>('all');
  const team = sorted(Object.values(presence));
  const shown = team.filter((member) => fits(member, filter));
  const stale = link !== 'online';
  return (
    <Screen
      title={t('nav.team')}
      actions={
        <SegmentedControl
          size="xs"
          aria-label={t('team.filter')}
          value={filter}
          onChange={(value) => setFilter(filters.find((each) => each === value) ?? 'all')}
          data={filters.map((value) => ({
            value,
            label: `${t(`team.filter_${value}`)} ${team.filter((member) => fits(member, value)).length}`,
          }))}
        />
      }
    >
      <Queues />
      {stale && lostAt !== null && (
        <Alert color="orange" mb="md" p="sm" icon={<IconClockExclamation size={18} />}>
          {t('team.stale_since', { time: format.time(new Date(lostAt).toISOString()) })}
        </Alert>
      )}
      {link === 'connecting' && team.length === 0 ? (
        <Lines count={3} height={110} />
      ) : shown.length === 0 ? (
        <Empty icon={IconUsersGroup} title={t('team.empty')} />
      ) : (
        <div className={classes.tiles} style={{ opacity: stale ? 0.6 : 1 }}>
          {shown.map((member) => (
            <Tile key={member.user_id} member={member} stale={stale} />
          ))}
        </div>
      )}
    </Screen>
  );
}

function Tile({ member, stale }: { member: Presence; stale: boolean }) {
  const { t } = useTranslation();
  const me = useMe();
  const now = useNow();
  const number = member.extension ?? '';
  const known = member.state !== 'unknown';
  return (
    <div className={own.tile}>
      <Group wrap="nowrap" gap="sm">
        <Face name={member.name} size={48} dot={presenceColor[member.state]} />
        <div style={{ minWidth: 0, flex: 1 }}>
          <Text fw={600} className="ellipsis">
            {member.name}
            {member.user_id === me.id && (
              <Text span size="sm" c="dimmed" fw={400}>
                {' '}
                {t('team.you')}
              </Text>
            )}
          </Text>
          <Text size="sm" c={presenceInk[member.state]} className="tabular">
            {t(`presence.${member.state}`, { context: genderOf(member.name) })}
            {known && !stale && ` ${clock(now - Date.parse(member.since))}`}
          </Text>
          <Doing member={member} />
        </div>
      </Group>
      <Group justify="space-between" wrap="nowrap" gap="xs" mt="sm" mih={30}>
        <Text size="sm" c="dimmed" className="tabular ellipsis">
          {number ? t('team.extension', { number }) : t('team.no_extension')}
        </Text>
        <Orders member={member} stale={stale} />
      </Group>
    </div>
  );
}

/** With whom he talks and whose talk he listens to, for who may know. */
function Doing({ member }: { member: Presence }) {
  const { t } = useTranslation();
  const { supervises } = member;
  const text = supervises ? t(`supervision.does_${supervises.mode}`, { name: supervises.name }) : member.with && t('team.with', { name: member.with });
  // the line is kept, so that places do not jump when states change
  return (
    <Text size="xs" c="dimmed" className="ellipsis" title={text} mih={18}>
      {text}
    </Text>
  );
}
