import { ActionIcon, Anchor, Button, Group, Text, TextInput, Title } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { IconBackspace, IconHistory, IconPhone, IconPhoneCheck } from '@tabler/icons-react';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Link, useNavigate } from 'react-router';
import { api, send } from '@/api/client';
import type { CallRecord } from '@/api/types';
import { useCan, useMe } from '@/app/session';
import { looksLikeNumber } from '@/format/text';
import { useFormat } from '@/format/useFormat';
import { CallGlyph, isMissed, outcomeFor } from '@/parts/calls';
import { DialIcon } from '@/parts/NumberLink';
import { reach } from '@/parts/reach';
import { Empty, Failure, Lines } from '@/parts/States';
import { useDial } from '@/parts/useDial';
import classes from './Workspace.module.css';

const keys = ['1', '2', '3', '4', '5', '6', '7', '8', '9', '*', '0', '#'];

/** No call: dial a number, see the last calls and whom to call back. */
export function Idle() {
  const { t } = useTranslation();
  const can = useCan();
  const me = useMe();
  return (
    <>
      <section className={classes.panel} aria-label={t('idle.label')}>
        <Group justify="space-between" align="center" gap="lg">
          <Group gap="md" wrap="nowrap">
            <IconPhoneCheck size={34} stroke={1.5} color="var(--rc-green)" aria-hidden />
            <div>
              <Title order={1} fz={20}>
                {t('idle.title')}
              </Title>
              <Text c="dimmed" size="sm">
                {t('idle.text')}
              </Text>
            </div>
          </Group>
        </Group>
      </section>
      <div className={classes.pair}>
        {can('calls.dial') && me.devices && me.devices.length > 0 && (
          <section className={classes.card} aria-label={t('idle.dial')}>
            <Title order={2} fz={16} mb="sm">
              {t('idle.dial')}
            </Title>
            <DialPad />
          </section>
        )}
        <LastCalls missed={false} />
      </div>
      <LastCalls missed />
    </>
  );
}

function DialPad() {
  const { t } = useTranslation();
  const [number, setNumber] = useState('');
  const { dial } = useDial();
  const valid = looksLikeNumber(number) || /^[\d*#]{2,}$/.test(number.trim());
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        if (valid) dial({ reach: { to: number.trim() }, display: number.trim() });
      }}
    >
      <TextInput
        type="tel"
        size="md"
        aria-label={t('idle.number')}
        placeholder={t('idle.number')}
        value={number}
        onChange={(event) => setNumber(event.currentTarget.value)}
        rightSection={
          number && (
            <ActionIcon variant="subtle" color="gray" aria-label={t('idle.erase')} onClick={() => setNumber(number.slice(0, -1))}>
              <IconBackspace size={18} />
            </ActionIcon>
          )
        }
      />
      <div className={classes.keys} style={{ margin: '12px 0' }}>
        {keys.map((key) => (
          <Button key={key} variant="default" size="md" fz={18} onClick={() => setNumber(number + key)}>
            {key}
          </Button>
        ))}
      </div>
      <Button type="submit" fullWidth color="teal.9" size="md" leftSection={<IconPhone size={18} />} disabled={!valid}>
        {t('call.dial')}
      </Button>
    </form>
  );
}

function LastCalls({ missed }: { missed: boolean }) {
  const { t } = useTranslation();
  const { data, error, refetch } = useQuery({
    queryKey: ['calls', 'last', missed],
    queryFn: ({ signal }) =>
      send(
        api.GET('/calls', {
          params: {
            query: missed ? { limit: 5, missed: true } : { limit: 6 },
          },
          signal,
        }),
      ),
    refetchInterval: 30_000,
  });
  const items = data?.items ?? [];
  if (missed && items.length === 0 && !error) return null;
  return (
    <section className={classes.card} aria-label={t(missed ? 'idle.missed' : 'idle.last')}>
      <Group justify="space-between" mb={4}>
        <Title order={2} fz={16}>
          {t(missed ? 'idle.missed' : 'idle.last')}
        </Title>
        <Anchor component={Link} to={missed ? '/calls?result=missed' : '/calls'} size="sm">
          {t('idle.all')}
        </Anchor>
      </Group>
      {error ? (
        <Failure error={error} onRetry={() => void refetch()} />
      ) : !data ? (
        <Lines count={4} />
      ) : items.length === 0 ? (
        <Empty icon={IconHistory} title={t('idle.none')} />
      ) : (
        items.map((call) => <CallRow key={call.id} call={call} />)
      )}
    </section>
  );
}

function CallRow({ call }: { call: CallRecord }) {
  const { t } = useTranslation();
  const format = useFormat();
  const navigate = useNavigate();
  const anonymous = call.number.kind === 'anonymous';
  const name =
    call.person_name || call.client_name || (anonymous ? t('call.anonymous') : call.caller_name || call.number.display);
  const company = call.person_name && call.client_name ? call.client_name : '';
  return (
    <div className={classes.callrow}>
      <CallGlyph call={call} />
      <div style={{ minWidth: 0, flex: 1 }}>
        <Anchor
          c="inherit"
          size="sm"
          fw={500}
          component={Link}
          to={call.client_id ? `/clients/${call.client_id}` : `/calls/${call.id}`}
          className="ellipsis"
          display="block"
        >
          {name}
        </Anchor>
        <Text size="xs" c="dimmed" className="ellipsis">
          {[
            company,
            !anonymous && call.number.display !== name ? call.number.display : '',
            call.state !== 'ended'
              ? t('history.live')
              : call.disposition === 'answered'
                ? format.duration(call.talk_ms)
                : t(`outcome.${outcomeFor(call)}_short`),
          ]
            .filter(Boolean)
            .join(' · ')}
        </Text>
      </div>
      <Text
        size="xs"
        c={isMissed(call) ? 'var(--rc-red)' : 'dimmed'}
        className="tabular"
        style={{ whiteSpace: 'nowrap', cursor: 'pointer' }}
        onClick={() => void navigate(`/calls/${call.id}`)}
      >
        {format.moment(call.started_at)}
      </Text>
      {!anonymous && (
        <DialIcon
          reach={reach(call.number, { call_id: call.id })}
          display={call.number.display}
          clientId={call.client_id}
          personId={call.person_id}
          name={name}
        />
      )}
    </div>
  );
}
