import { Badge, Group, Text, Title } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { IconAlertCircle, IconCircleCheck, IconDatabaseOff, IconPhoneOff, IconPhoneOutgoing, IconPhoneRinging } from '@tabler/icons-react';
import { useTranslation } from 'react-i18next';
import { useMe } from '@/app/session';
import { displayNumber } from '@/format/text';
import { clock } from '@/format/time';
import { useFormat } from '@/format/useFormat';
import { useNow } from '@/format/useNow';
import { lookupOf, stageOf, type Stage } from '@/live/stage';
import type { Call } from '@/live/types';
import { callQuery } from '@/parts/callQuery';
import { outcomeFor } from '@/parts/calls';
import { Face } from '@/parts/Face';
import { CallActions } from './CallActions';
import { Notice } from '@/parts/Notice';
import { useNarrow } from '@/parts/useNarrow';
import { MatchChoice } from './MatchChoice';
import { WrapUp } from './WrapUp';
import classes from './Workspace.module.css';

const colors: Record<Stage, string> = {
  incoming: 'orange',
  own_phone_wait: 'indigo',
  own_phone: 'indigo',
  dialling: 'indigo',
  remote_ringing: 'indigo',
  talking: 'teal',
  held: 'yellow',
  ended: 'gray',
};

/** Who it is, how the call stands, and what can be done with it. */
export function CallPanel({ call }: { call: Call }) {
  const { t } = useTranslation();
  const me = useMe();
  const stage = stageOf(call, me.id);
  const narrow = useNarrow();
  const client = call.client;
  const anonymous = call.number.kind === 'anonymous';
  const name = client
    ? client.person_name || client.name
    : anonymous
      ? t('call.anonymous')
      : call.caller_name || call.number.display || call.number.raw;
  const second = [
    client?.person_name ? client.name : null,
    !anonymous && call.number.display !== name ? call.number.display : null,
    client?.position,
  ].filter(Boolean);
  return (
    <section className={classes.panel} aria-label={t('call.current')}>
      <div className={classes.head}>
        <Group wrap="nowrap" gap="md" align="flex-start" style={{ minWidth: 0 }}>
          <Face name={name} size={narrow ? 48 : 64} dot={colors[stage]} />
          <div style={{ minWidth: 0 }}>
            <Group gap="xs" wrap="nowrap">
              <Title order={1} fz={{ base: 18, sm: 22 }} lineClamp={2}>
                {name}
              </Title>
              {client?.group && (
                <Badge color="grape" visibleFrom="sm">
                  {client.group}
                </Badge>
              )}
            </Group>
            <Text c="dimmed" lineClamp={3}>
              {second.join(' · ') || t(`call.lookup_${lookupOf(call)}`)}
            </Text>
            <Line call={call} />
          </div>
        </Group>
        <div className={classes.state}>
          <Badge color={colors[stage]} size="lg" role="status">
            {t(`stage.${stage}_badge`)}
          </Badge>
          <Timer call={call} stage={stage} />
        </div>
      </div>
      <StoredMark call={call} />
      <StageText call={call} stage={stage} />
      {stage !== 'ended' && (call.matches ?? []).length > 1 && <MatchChoice call={call} />}
      <CallActions call={call} stage={stage} />
      {stage === 'ended' && call.disposition === 'answered' && <WrapUp callId={call.id} clientId={call.client?.id} />}
    </section>
  );
}

/** The card is an older one, because the database is away (OP-03). */
function StoredMark({ call }: { call: Call }) {
  const { t } = useTranslation();
  const format = useFormat();
  if (!call.lookup_as_of) return null;
  return (
    <Notice icon={IconDatabaseOff} color="var(--rc-orange)">
      {t('call.as_of', { at: format.moment(call.lookup_as_of) })}
    </Notice>
  );
}

/** DID, queue, who answered: the small print of the call. */
function Line({ call }: { call: Call }) {
  const { t } = useTranslation();
  const { data: record } = useQuery(callQuery(call.id));
  const bits = [
    call.queue && t('call.queue', { name: call.queue }),
    call.did && t('call.did', { number: displayNumber(call.did) }),
    record?.spam && t('call.spam'),
  ].filter(Boolean);
  if (bits.length === 0) return null;
  return (
    <Text size="sm" c="dimmed">
      {bits.join(' · ')}
    </Text>
  );
}

function Timer({ call, stage }: { call: Call; stage: Stage }) {
  const { t } = useTranslation();
  const now = useNow();
  const from = Date.parse((stage === 'talking' || stage === 'held' ? call.answered_at : null) ?? call.started_at);
  const ms = stage === 'ended' ? (call.disposition === 'answered' ? call.talk_ms : call.wait_ms) : now - from;
  return (
    <span
      className={classes.timer}
      role="timer"
      aria-label={t(stage === 'talking' ? 'call.talk_time' : stage === 'ended' ? 'call.total_time' : 'call.wait_time')}
    >
      {clock(ms)}
    </span>
  );
}

/** One sentence that says what happens now, or how it ended. */
function StageText({ call, stage }: { call: Call; stage: Stage }) {
  const { t } = useTranslation();
  const me = useMe();
  const format = useFormat();
  if (stage === 'talking' || stage === 'held' || stage === 'incoming') return null;
  if (stage !== 'ended') {
    return (
      <Notice icon={stage === 'own_phone' ? IconPhoneRinging : IconPhoneOutgoing} color="var(--rc-active-text)">
        {t(`stage.${stage}`, { number: me.extension })}
      </Notice>
    );
  }
  const outcome = outcomeFor(call);
  const good = outcome === 'talked' || outcome === 'voicemail';
  return (
    <Notice
      icon={good ? IconCircleCheck : outcome === 'cancelled' ? IconPhoneOff : IconAlertCircle}
      color={good ? 'var(--rc-green)' : outcome === 'cancelled' ? 'var(--mantine-color-dimmed)' : 'var(--rc-orange)'}
    >
      {outcome === 'talked' ? t('outcome.talked', { time: format.duration(call.talk_ms) }) : t(`outcome.${outcome}`)}
      {call.recovered && ` ${t('call.recovered')}`}
    </Notice>
  );
}
