import { Tabs, Text } from '@mantine/core';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useMe } from '@/app/session';
import { focused, myCalls, useLive } from '@/live/store';
import type { Call } from '@/live/types';
import { Aside } from './Aside';
import { CallPanel } from './CallPanel';
import { CallProgress } from './CallProgress';
import { CallTabs } from './CallTabs';
import { ClientSummary } from './ClientSummary';
import { Idle } from './Idle';
import { PlacingPanel } from './PlacingPanel';
import { UnknownCaller } from './UnknownCaller';
import classes from './Workspace.module.css';
import { CallHistory, CallPersons } from './CallClient';

/** «Разговор»: the live call with its client, or what to do next. */
export function Workspace() {
  const me = useMe();
  const all = useLive((state) => state.calls);
  const dismissed = useLive((state) => state.dismissed);
  const selected = useLive((state) => state.selected);
  const placing = useLive((state) => state.placing);
  const calls = myCalls({ me, calls: all, dismissed });
  const call = placing ? undefined : focused(calls, selected);
  return (
    <div className={classes.screen}>
      <div className={classes.center}>
        {calls.length > 1 && <CallTabs calls={calls} current={call?.id} />}
        {placing && <PlacingPanel placing={placing} />}
        {call && <CallView key={call.id} call={call} />}
        {!placing && !call && <Idle />}
      </div>
      <Aside />
    </div>
  );
}

function CallView({ call }: { call: Call }) {
  const { t } = useTranslation();
  const [tab, setTab] = useState<string | null>('history');
  const client = call.client;
  return (
    <>
      <CallPanel call={call} />
      <div className={classes.pair} data-fill>
        <section className={classes.card} aria-label={t('client.card')}>
          {client ? <ClientSummary call={call} client={client} /> : <UnknownCaller call={call} />}
        </section>
        <section className={classes.card} aria-label={t('client.history')}>
          <Tabs value={client ? tab : 'progress'} onChange={setTab} keepMounted={false}>
            <Tabs.List mb="md">
              {client && <Tabs.Tab value="history">{t('client.history')}</Tabs.Tab>}
              {client && <Tabs.Tab value="persons">{t('client.persons')}</Tabs.Tab>}
              <Tabs.Tab value="progress">{t('call.progress')}</Tabs.Tab>
            </Tabs.List>
            {client && (
              <>
                <Tabs.Panel value="history">
                  <CallHistory clientId={client.id} />
                </Tabs.Panel>
                <Tabs.Panel value="persons">
                  <CallPersons clientId={client.id} />
                </Tabs.Panel>
              </>
            )}
            <Tabs.Panel value="progress">
              <CallProgress call={call} />
              {(call.legs ?? []).length === 0 && (
                <Text size="sm" c="dimmed">
                  {t('call.no_legs')}
                </Text>
              )}
            </Tabs.Panel>
          </Tabs>
        </section>
      </div>
    </>
  );
}
