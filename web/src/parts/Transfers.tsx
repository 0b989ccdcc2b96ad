import { Group, Text } from '@mantine/core';
import { IconArrowRight, IconArrowsSplit, IconHandGrab, IconParking, IconPhoneOutgoing, IconUsersGroup, type Icon } from '@tabler/icons-react';
import { useTranslation } from 'react-i18next';
import { displayNumber } from '@/format/text';
import { useFormat } from '@/format/useFormat';
import type { Transfer } from '@/live/types';

/** A step of a live call or of a record; the latter knows no devices. */
export interface Step extends Pick<Transfer, 'at' | 'kind' | 'number'> {
  by: { name: string } | null;
  from: { name: string } | null;
  to: { name: string } | null;
}

const glyphs: Record<Step['kind'], Icon> = {
  blind: IconArrowRight,
  attended: IconArrowsSplit,
  forward: IconPhoneOutgoing,
  pickup: IconHandGrab,
  park: IconParking,
  conference: IconUsersGroup,
};

/** How a call went from hand to hand: who gave it to whom, and when. */
export function Transfers({ transfers }: { transfers: Step[] }) {
  const { t } = useTranslation();
  const format = useFormat();
  return (
    <ol aria-label={t('call.transfers')} style={{ listStyle: 'none', margin: 0, padding: 0 }}>
      {transfers.map((each, index) => {
        const Glyph = glyphs[each.kind];
        const from = each.from?.name || each.by?.name;
        const to = each.to?.name || displayNumber(each.number ?? '');
        // who took the call from a colleague's telephone did it himself
        const by = each.kind !== 'pickup' && each.by && each.by.name !== from ? each.by.name : '';
        return (
          <li key={index}>
            <Group gap="sm" wrap="nowrap" py={5}>
              <Glyph size={18} stroke={1.7} aria-hidden style={{ flex: 'none', color: 'var(--mantine-color-dimmed)' }} />
              <div style={{ minWidth: 0, flex: 1 }}>
                <Text size="sm" fw={500} className="ellipsis">
                  {[from, to].filter(Boolean).join(' → ')}
                </Text>
                <Text size="xs" c="dimmed" className="tabular">
                  {[t(`why.kind.${each.kind}`), by, format.clock(each.at)].filter(Boolean).join(' · ')}
                </Text>
              </div>
            </Group>
          </li>
        );
      })}
    </ol>
  );
}
