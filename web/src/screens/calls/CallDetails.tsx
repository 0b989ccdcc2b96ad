import { Anchor, Badge, Button, Drawer, Group, Stack, Text, Title } from '@mantine/core';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { IconLink, IconPhone, IconShieldX, IconUserPlus } from '@tabler/icons-react';
import { lazy, Suspense, useState, type ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { Link } from 'react-router';
import type { CallRecord } from '@/api/types';
import { useCan } from '@/app/session';
import { displayNumber } from '@/format/text';
import { useFormat } from '@/format/useFormat';
import { callQuery } from '@/parts/callQuery';
import { CallGlyph, outcomeFor } from '@/parts/calls';
import { ConfirmSpam } from '@/parts/ConfirmSpam';
import { reach } from '@/parts/reach';
import { Recordings } from '@/parts/Recordings';
import { Failure, Lines } from '@/parts/States';
import { useDial } from '@/parts/useDial';
import { CallNote } from '@/screens/workspace/CallNote';
import { CallProgress } from '@/screens/workspace/CallProgress';
import own from '@/screens/client/Client.module.css';
import { Mended } from './Mended';
import { ResultBadge, useWho } from './rows';
import { Why } from './Why';

const ClientForm = lazy(() => import('@/parts/ClientForm'));
const AttachClient = lazy(() => import('@/parts/AttachClient'));

/** One call in full: result, times, legs, and why it went as it went. */
export function CallDetails({ id, onClose }: { id: string; onClose: () => void }) {
  const { t } = useTranslation();
  const { data, error, refetch } = useQuery(callQuery(id));
  return (
    <Drawer opened onClose={onClose} title={t('calls.details')} closeButtonProps={{ 'aria-label': t('action.close') }}>
      {error ? (
        <Failure error={error} onRetry={() => void refetch()} />
      ) : data ? (
        <Details call={data} onClose={onClose} />
      ) : (
        <Lines />
      )}
    </Drawer>
  );
}

function Details({ call, onClose }: { call: CallRecord; onClose: () => void }) {
  const { t } = useTranslation();
  const format = useFormat();
  const who = useWho();
  const { name, second } = who(call);
  return (
    <Stack gap="lg">
      <Group wrap="nowrap" gap="sm">
        <CallGlyph call={call} size={44} />
        <div style={{ minWidth: 0, flex: 1 }}>
          {call.client_id ? (
            <Anchor component={Link} to={`/clients/${call.client_id}`} fw={600} c="inherit">
              {name}
            </Anchor>
          ) : (
            <Text fw={600}>{name}</Text>
          )}
          {second && (
            <Text size="sm" c="dimmed">
              {second}
            </Text>
          )}
        </div>
        <Stack gap={4} align="flex-end">
          <ResultBadge call={call} />
          {call.spam && <Badge color="gray">{t('call.spam')}</Badge>}
        </Stack>
      </Group>
      <Actions call={call} onClose={onClose} />
      <dl className={own.facts}>
        <Fact label={t('calls.direction')}>{t(`direction.${call.direction}`)}</Fact>
        <Fact label={t('calls.started')}>{format.moment(call.started_at)}</Fact>
        <Fact label={t('calls.wait')}>{format.duration(call.wait_ms)}</Fact>
        <Fact label={t('calls.talk')}>{call.answered_at ? format.duration(call.talk_ms) : '—'}</Fact>
        {call.hold_ms > 0 && <Fact label={t('calls.hold')}>{format.duration(call.hold_ms)}</Fact>}
        <Fact label={t('calls.user')}>{call.answered_by?.name ?? call.placed_by?.name ?? '—'}</Fact>
        {call.queue && <Fact label={t('calls.queue')}>{call.queue}</Fact>}
        {call.did && <Fact label={t('calls.did')}>{displayNumber(call.did)}</Fact>}
        {call.state === 'ended' && (
          <Fact label={t('calls.cause')}>
            {t(`outcome.${outcomeFor(call)}_short`)}
            {call.cause > 0 && ` (Q.850: ${call.cause})`}
          </Fact>
        )}
        {call.ended_by && <Fact label={t('calls.ended_by')}>{t(`why.by.${call.ended_by}`)}</Fact>}
        <Fact label={t('calls.pbx')}>{call.pbx}</Fact>
      </dl>
      <Mended call={call} />
      {call.recorded && (
        <div>
          <Title order={2} fz={16} mb={6}>
            {t('recording.title')}
          </Title>
          <Recordings callId={call.id} />
        </div>
      )}
      <CallNote callId={call.id} id="journal-note" />
      <div>
        <Title order={2} fz={16} mb={4}>
          {t('call.progress')}
        </Title>
        <CallProgress call={call} />
      </div>
      <Why id={call.id} />
    </Stack>
  );
}

function Fact({ label, children }: { label: string; children: ReactNode }) {
  return (
    <div>
      <dt>{label}</dt>
      <dd>{children}</dd>
    </div>
  );
}

function Actions({ call, onClose }: { call: CallRecord; onClose: () => void }) {
  const { t } = useTranslation();
  const can = useCan();
  const cache = useQueryClient();
  const { dial } = useDial();
  const who = useWho();
  const [open, setOpen] = useState<'create' | 'attach' | 'spam' | null>(null);
  const unknown = !call.client_id && call.number.kind === 'external' && !call.spam && can('clients.write');
  const refresh = () => void cache.invalidateQueries({ queryKey: ['calls'] });
  const close = () => setOpen(null);
  const number = call.number;
  return (
    <Group gap="xs">
      {call.number.kind !== 'anonymous' && can('calls.dial') && (
        <Button
          color="teal.9"
          size="sm"
          leftSection={<IconPhone size={16} />}
          onClick={() => {
            onClose();
            dial({ reach: reach(number, { call_id: call.id }), display: number.display, clientId: call.client_id, personId: call.person_id, name: who(call).name });
          }}
        >
          {t('call.back')}
        </Button>
      )}
      {unknown && (
        <>
          <Button variant="default" size="sm" leftSection={<IconUserPlus size={16} />} onClick={() => setOpen('create')}>
            {t('call.create_client')}
          </Button>
          <Button variant="default" size="sm" leftSection={<IconLink size={16} />} onClick={() => setOpen('attach')}>
            {t('call.attach')}
          </Button>
          <Button variant="default" size="sm" leftSection={<IconShieldX size={16} />} onClick={() => setOpen('spam')}>
            {t('call.mark_spam')}
          </Button>
        </>
      )}
      <Suspense>
        {open === 'create' && <ClientForm onClose={close} onSaved={refresh} call={{ id: call.id, number, name: call.caller_name }} />}
        {open === 'attach' && <AttachClient onClose={close} callId={call.id} number={number.display} onDone={refresh} />}
      </Suspense>
      {open === 'spam' && <ConfirmSpam callId={call.id} number={number.e164 || number.raw} display={number.display} onClose={close} onDone={refresh} />}
    </Group>
  );
}
