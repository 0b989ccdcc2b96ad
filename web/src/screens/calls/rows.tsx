import { Badge, Button, Group, Text } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import type { CallRecord } from '@/api/types';
import { clock } from '@/format/time';
import { useFormat } from '@/format/useFormat';
import { callColor, CallGlyph, isMissed, outcomeFor } from '@/parts/calls';
import { DialIcon } from '@/parts/NumberLink';
import { reach } from '@/parts/reach';
import classes from '@/parts/Screen.module.css';
import type { Column } from '@/parts/VirtualTable';

/** Who the other side is, in two lines. */
export function useWho(): (call: CallRecord) => { name: string; second: string } {
  const { t } = useTranslation();
  return (call) => {
    if (call.number.kind === 'anonymous') return { name: t('call.anonymous'), second: '' };
    const number = call.number.display || call.number.raw;
    const name = call.person_name || call.client_name || call.caller_name || number;
    return {
      name,
      second: [call.person_name && call.client_name ? call.client_name : '', name === number ? '' : number]
        .filter(Boolean)
        .join(' · '),
    };
  };
}

export function ResultBadge({ call }: { call: CallRecord }) {
  const { t } = useTranslation();
  return (
    <Badge color={callColor(call)}>
      {call.state === 'ended' ? t(`outcome.${outcomeFor(call)}_short`) : t('history.live')}
    </Badge>
  );
}

function Dial({ call }: { call: CallRecord }) {
  const who = useWho();
  if (call.number.kind === 'anonymous') return null;
  return (
    <DialIcon
      reach={reach(call.number, { call_id: call.id })}
      display={call.number.display}
      clientId={call.client_id}
      personId={call.person_id}
      name={who(call).name}
    />
  );
}

export function useCallColumns(): Column<CallRecord>[] {
  const { t } = useTranslation();
  const format = useFormat();
  const who = useWho();
  return [
    {
      key: 'who',
      header: t('calls.who'),
      width: 'minmax(220px, 3fr)',
      render: (call) => {
        const { name, second } = who(call);
        return (
          <Group gap="sm" wrap="nowrap">
            <CallGlyph call={call} />
            <div style={{ minWidth: 0 }}>
              <Text size="sm" fw={500} className="ellipsis" lh={1.3}>
                {name}
              </Text>
              {second && (
                <Text size="xs" c="dimmed" className="ellipsis" lh={1.3}>
                  {second}
                </Text>
              )}
            </div>
          </Group>
        );
      },
    },
    {
      key: 'when',
      header: t('calls.when'),
      width: '140px',
      render: (call) => <span className="tabular">{format.moment(call.started_at)}</span>,
    },
    { key: 'result', header: t('calls.result'), width: '150px', render: (call) => <ResultBadge call={call} /> },
    {
      key: 'user',
      header: t('calls.user'),
      width: 'minmax(130px, 1.3fr)',
      render: (call) => call.answered_by?.name ?? call.placed_by?.name ?? '—',
    },
    {
      key: 'wait',
      header: t('calls.wait'),
      width: '80px',
      align: 'right',
      render: (call) => (
        <Text span size="sm" c={isMissed(call) ? 'var(--rc-red)' : undefined} className="tabular">
          {clock(call.wait_ms)}
        </Text>
      ),
    },
    {
      key: 'talk',
      header: t('calls.talk'),
      width: '90px',
      align: 'right',
      render: (call) => <span className="tabular">{call.disposition === 'answered' ? clock(call.talk_ms) : '—'}</span>,
    },
    { key: 'dial', header: '', width: '40px', render: (call) => <Dial call={call} /> },
  ];
}

interface CardsProps {
  rows: CallRecord[];
  hasMore: boolean;
  busy: boolean;
  onMore: () => void;
  onOpen: (call: CallRecord) => void;
}

export function CallCards({ rows, hasMore, busy, onMore, onOpen }: CardsProps) {
  const { t } = useTranslation();
  const format = useFormat();
  const who = useWho();
  const outcome = (call: CallRecord) => {
    if (call.state !== 'ended') return t('history.live');
    return call.disposition === 'answered' ? format.duration(call.talk_ms) : t(`outcome.${outcomeFor(call)}_short`);
  };
  return (
    <div className={classes.list}>
      {rows.map((call) => {
        const { name, second } = who(call);
        return (
          <div key={call.id} className={classes.item} style={{ position: 'relative' }}>
            <CallGlyph call={call} size={34} />
            <div style={{ minWidth: 0, flex: 1 }}>
              <button type="button" className={classes.cover} style={{ all: 'unset', maxWidth: '100%' }} onClick={() => onOpen(call)}>
                <Text size="sm" fw={600} className="ellipsis">
                  {name}
                </Text>
              </button>
              <Text size="xs" c="dimmed" className="ellipsis">
                {[
                  format.moment(call.started_at),
                  outcome(call),
                  second,
                ]
                  .filter(Boolean)
                  .join(' · ')}
              </Text>
            </div>
            <span className={classes.above}>
              <Dial call={call} />
            </span>
          </div>
        );
      })}
      {hasMore && (
        <Button variant="subtle" fullWidth my="sm" loading={busy} onClick={onMore}>
          {t('action.more')}
        </Button>
      )}
    </div>
  );
}
