import { Skeleton, Stack, Text, Title } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import { lookupOf } from '@/live/stage';
import type { Call } from '@/live/types';
import { callQuery } from '@/parts/callQuery';
import { CallNote } from './CallNote';

/** The card's place while nobody was found, or is still being looked for. */
export function UnknownCaller({ call }: { call: Call }) {
  const { t } = useTranslation();
  const { data: record } = useQuery(callQuery(call.id));
  const state = call.number.kind === 'extension' ? 'internal' : lookupOf(call);
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
          {record?.spam ? t('unknown.spam') : t(`unknown.${state}`)}
        </Text>
      )}
      <CallNote callId={call.id} />
    </Stack>
  );
}
