import { Group, Text } from '@mantine/core';
import { IconArrowRight, IconArrowsSplit, IconHandGrab, IconParking, IconPhoneOutgoing, IconUsersGroup, type Icon } from '@tabler/icons-react';
import { useTranslation } from 'react-i18next';
import { useFormat } from '@/format/useFormat';
import type { Transfer } from '@/live/types';

const glyphs: Record<Transfer['kind'], Icon> = {
  blind: IconArrowRight,
  attended: IconArrowsSplit,
  forward: IconPhoneOutgoing,
  pickup: IconHandGrab,
  park: IconParking,
  conference: IconUsersGroup,
};

/** How a call went from hand to hand: who gave it to whom, and when. */
export function Transfers({ transfers }: { transfers: Transfer[] }) {
  const { t } = useTranslation();
  const format = useFormat();
  return (
    <ol aria-label={t('call.transfers')} style={{ listStyle: 'none', margin: 0, padding: 0 }}>
      {transfers.map((each, index) => {
        const Glyph = glyphs[each.kind];
        const to = each.to?.name || each.number;
        return (
          <li key={index}>
            <Group gap="sm" wrap="nowrap" py={5}>
              <Glyph size={18} stroke={1.7} aria-hidden style={{ flex: 'none', color: 'var(--mantine-color-dimmed)' }} />
              <div style={{ minWidth: 0, flex: 1 }}>
                <Text size="sm" fw={500} className="ellipsis">
                  {[each.from?.name ?? each.by?.name, to].filter(Boolean).join(' → ')}
                </Text>
                <Text size="xs" c="dimmed" className="tabular">
                  {t(`why.kind.${each.kind}`)} · {format.time(each.at)}
                </Text>
              </div>
            </Group>
          </li>
        );
      })}
    </ol>
  );
}
