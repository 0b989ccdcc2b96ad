import { Skeleton, Stack, Text, Title } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import type { Call } from '@/live/types';
import { CallNote } from './CallNote';

/** The card's place while nobody was found, or is still being looked for. */
export function UnknownCaller({ call }: { call: Call }) {
  const { t } = useTranslation();
  const state = call.number.kind === 'extension' ? 'internal' : call.lookup || 'off';
  return (
    <Stack gap="md">
      <Title order={2} fz={16}>
        {t('client.card')}
      </Title>
      {state === 'pending' ? (
        <Stack gap="xs" role="status" aria-label={t('call.lookup_pending')}>
          <Skeleton height={14} width="60%" />
          <Skeleton height={14} width="80%" />
          <Skeleton height={14} width="40%" />
        </Stack>
      ) : (
        <Text size="sm" c="dimmed">
          {call.spam ? t('unknown.spam') : t(`unknown.${state}`)}
        </Text>
      )}
      <CallNote callId={call.id} />
    </Stack>
  );
}
