import { Badge, Group, Stack, Text } from '@mantine/core';
import { IconBuilding, IconDeviceLandlinePhone } from '@tabler/icons-react';
import { useTranslation } from 'react-i18next';
import { clock } from '@/format/time';
import { useFormat } from '@/format/useFormat';
import type { Leg, Transfer } from '@/live/types';
import { legsOf } from '@/parts/calls';
import { Transfers } from '@/parts/Transfers';

const colors: Record<Leg['state'], string> = { new: 'gray', ringing: 'orange', up: 'teal', ended: 'gray' };
const results = ['answered', 'busy', 'no_answer', 'elsewhere', 'cancelled', 'rejected', 'failed', 'transferred', 'forwarded', 'picked_up'] as const;

/** The legs of a call as a tree: who dialled whom, how each one went. */
export function CallProgress({ call }: { call: { legs?: unknown; transfers?: Transfer[] | null } }) {
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

function Branch({ leg, legs, depth }: { leg: Leg; legs: Leg[]; depth: number }) {
  const { t } = useTranslation();
  const format = useFormat();
  const Glyph = leg.role === 'client' ? IconBuilding : IconDeviceLandlinePhone;
  const result = results.find((each) => each === leg.result);
  const talked = leg.answered_at && leg.ended_at ? Date.parse(leg.ended_at) - Date.parse(leg.answered_at) : null;
  return (
    <>
      <Group gap="sm" wrap="nowrap" py={7} pl={depth * 22}>
        <Glyph size={18} stroke={1.7} aria-hidden style={{ flex: 'none', color: 'var(--mantine-color-dimmed)' }} />
        <div style={{ minWidth: 0, flex: 1 }}>
          <Text size="sm" fw={500} className="ellipsis">
            {leg.user_name || leg.number || leg.endpoint}
          </Text>
          <Text size="xs" c="dimmed" className="ellipsis tabular">
            {[leg.endpoint, format.time(leg.started_at), talked !== null && clock(talked)].filter(Boolean).join(' · ')}
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
