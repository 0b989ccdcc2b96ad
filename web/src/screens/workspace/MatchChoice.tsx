import { Button, Group, Radio, Stack, Text } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { api, send } from '@/api/client';
import { useMe } from '@/app/session';
import type { Call, Match } from '@/live/types';
import { useToastError } from '@/parts/errors';

const key = (match: Match) => `${match.client_id ?? 0}-${match.person_id ?? 0}`;

/** Several clients own the number: the user says which one it is (LU-02). */
export function MatchChoice({ call }: { call: Call }) {
  const { t } = useTranslation();
  const fail = useToastError();
  const me = useMe();
  const matches = call.matches ?? [];
  const current = matches.find(
    (match) => match.client_id === call.client?.id && (match.person_id ?? 0) === (call.client?.person_id ?? 0),
  );
  const [open, setOpen] = useState(true);
  const choose = useMutation({
    mutationFn: (match: Match) =>
      send(
        api.POST('/calls/{id}/client', {
          params: { path: { id: call.id } },
          body: { client_id: match.client_id ?? 0, person_id: match.person_id },
        }),
      ),
    onSuccess: () => setOpen(false),
    onError: (error) => fail(error),
  });
  if (!open) {
    return (
      <Button mt="sm" size="compact-sm" variant="subtle" onClick={() => setOpen(true)}>
        {t('call.other_match', { count: matches.length })}
      </Button>
    );
  }
  return (
    <Radio.Group
      mt="md"
      label={t('call.choose', { count: matches.length })}
      value={choose.variables ? key(choose.variables) : current ? key(current) : null}
      onChange={(value) => {
        const match = matches.find((each) => key(each) === value);
        if (match?.client_id) choose.mutate(match);
      }}
    >
      <Stack gap={8} mt="xs">
        {matches.map((match) => (
          <Radio
            key={key(match)}
            value={key(match)}
            disabled={!match.client_id || choose.isPending}
            label={
              <Group gap="xs" wrap="wrap">
                <Text size="sm" fw={500}>
                  {[match.name, match.organisation].filter(Boolean).join(' · ')}
                </Text>
                <Text size="sm" c="dimmed">
                  {[t(`match.${match.reason}`), match.responsible_id === me.id && t('match.mine')].filter(Boolean).join(', ')}
                </Text>
              </Group>
            }
          />
        ))}
      </Stack>
    </Radio.Group>
  );
}
