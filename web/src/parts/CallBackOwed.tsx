import { Group, Text } from '@mantine/core';
import { IconPhoneX } from '@tabler/icons-react';
import { useTranslation } from 'react-i18next';
import { useFormat } from '@/format/useFormat';
import type { Call } from '@/live/types';
import { owedSince } from './owed';

/** The client tried before and nobody called back (AF-02). */
export function CallBackOwed({ call }: { call: Call }) {
  const { t } = useTranslation();
  const format = useFormat();
  const since = owedSince(call);
  if (!since) return null;
  return (
    <Group gap={6} wrap="nowrap" align="flex-start" c="var(--rc-orange)">
      <IconPhoneX size={18} stroke={1.8} aria-hidden style={{ flex: 'none', marginTop: 1 }} />
      <Text size="sm" fw={500} c="inherit">
        {t('call.owed', { time: format.within(since) })}
      </Text>
    </Group>
  );
}
