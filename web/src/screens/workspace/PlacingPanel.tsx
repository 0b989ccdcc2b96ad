import { Badge, Button, Group, Text, Title } from '@mantine/core';
import { IconPhoneOutgoing } from '@tabler/icons-react';
import { useEffect } from 'react';
import { useTranslation } from 'react-i18next';
import { api, send } from '@/api/client';
import { useMe } from '@/app/session';
import { useLive, type Placing } from '@/live/store';
import { Face } from '@/parts/Face';
import { Notice } from '@/parts/Notice';
import classes from './Workspace.module.css';

const GIVE_UP_MS = 20_000;

/** Click-to-call before the exchange has said anything about it. */
export function PlacingPanel({ placing }: { placing: Placing }) {
  const { t } = useTranslation();
  const me = useMe();
  const name = placing.name || placing.to;
  useEffect(() => {
    const timer = setTimeout(() => useLive.getState().place(null), GIVE_UP_MS);
    return () => clearTimeout(timer);
  }, [placing.id]);
  const cancel = () => {
    useLive.getState().place(null);
    if (placing.id) void send(api.POST('/calls/{id}/hangup', { params: { path: { id: placing.id } } })).catch(() => undefined);
  };
  return (
    <section className={classes.panel} aria-label={t('call.current')}>
      <Group justify="space-between" wrap="nowrap" align="flex-start">
        <Group wrap="nowrap" gap="md">
          <Face name={name} size={64} dot="indigo" />
          <div>
            <Title order={1} fz={{ base: 18, sm: 22 }}>
              {name}
            </Title>
            {placing.name && (
              <Text c="dimmed">
                {placing.to}
              </Text>
            )}
          </div>
        </Group>
        <Badge color="indigo" size="lg">
          {t('stage.own_phone_wait_badge')}
        </Badge>
      </Group>
      <Notice icon={IconPhoneOutgoing} color="var(--rc-active-text)">
        {t('stage.own_phone_wait', { number: me.extension })}
      </Notice>
      <Group justify="flex-end" mt="md">
        <Button variant="default" onClick={cancel} disabled={!placing.id}>
          {t('call.cancel')}
        </Button>
      </Group>
    </section>
  );
}
