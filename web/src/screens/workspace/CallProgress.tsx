import { Badge, Group, Stack, Text } from '@mantine/core';
import { IconBuilding, IconDeviceLandlinePhone } from '@tabler/icons-react';
import { useTranslation } from 'react-i18next';
import { displayNumber } from '@/format/text';
import { useFormat } from '@/format/useFormat';
import type { Leg } from '@/live/types';
import { legsOf } from '@/parts/calls';
import { Transfers, type Step } from '@/parts/Transfers';

const colors: Record<Leg['state'], string> = { new: 'gray', ringing: 'orange', up: 'teal', ended: 'gray' };
const results = ['answered', 'busy', 'no_answer', 'elsewhere', 'cancelled', 'rejected', 'failed', 'transferred', 'forwarded', 'picked_up'] as const;

/** The legs of a call as a tree: who dialled whom, how each one went. */
export function CallProgress({ call }: { call: { legs?: unknown; transfers?: Step[] | null } }) {
  const legs = legsOf(call).filter((leg) => leg.role !== 'service');
  const roots = legs.filter((leg) => !legs.some((other) => other.id === leg.dialed_by));
  return (
    <Stack gap={0}>
      {call.transfers && call.transfers.length > 0 && <Transfers transfers={call.transfers} />}
      {roots.map((leg) => (
        <Branch key={leg.id} leg={leg} legs={legs} depth={0} />
      ))}
    </Stack>
  );
}

/** Whole seconds in ms; 0: it did not happen, is not over or is not known. */
function lasted(from: string | null, to: string | null): number {
  return from && to ? Math.max(0, Math.round((Date.parse(to) - Date.parse(from)) / 1000)) * 1000 : 0;
}

function Branch({ leg, legs, depth }: { leg: Leg; legs: Leg[]; depth: number }) {
  const { t } = useTranslation();
  const format = useFormat();
  const Glyph = leg.role === 'client' ? IconBuilding : IconDeviceLandlinePhone;
  const result = results.find((each) => each === leg.result);
  const ringing = lasted(leg.ring_at, leg.answered_at ?? leg.ended_at);
  const talking = lasted(leg.talked_at, leg.ended_at);
  const name = leg.user_name || displayNumber(leg.number ?? '') || leg.endpoint;
  return (
    <>
      <Group gap="sm" wrap="nowrap" py={7} pl={depth * 22}>
        <Glyph size={18} stroke={1.7} aria-hidden style={{ flex: 'none', color: 'var(--mantine-color-dimmed)' }} />
        <div style={{ minWidth: 0, flex: 1 }}>
          <Text size="sm" fw={500} className="ellipsis">
            {name}
          </Text>
          <Text size="xs" c="dimmed" className="ellipsis tabular">
            {[
              format.clock(leg.started_at),
              ringing && t('leg.ring_for', { time: format.duration(ringing) }),
              talking && t('leg.talk_for', { time: format.duration(talking) }),
              leg.endpoint !== name && leg.endpoint,
            ]
              .filter(Boolean)
              .join(' · ')}
          </Text>
        </div>
        <Badge color={leg.state === 'ended' && result === 'answered' ? 'teal' : colors[leg.state]} flex="none">
          {leg.state === 'ended' && result ? t(`leg.${result}`) : t(`leg.${leg.parked ? 'parked' : leg.state}`)}
        </Badge>
      </Group>
      {legs
        .filter((child) => child.dialed_by === leg.id)
        .map((child) => (
          <Branch key={child.id} leg={child} legs={legs} depth={depth + 1} />
        ))}
    </>
  );
}
