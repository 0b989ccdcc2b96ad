import { Anchor, Group, Stack, Text, Title } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { Link } from 'react-router';
import { isCode } from '@/api/error';
import { useFormat } from '@/format/useFormat';
import type { Call, CallClient } from '@/live/types';
import { CallBackOwed } from '@/parts/CallBackOwed';
import { clientQuery } from '@/parts/clientQueries';
import { NumberLink } from '@/parts/NumberLink';
import { reach } from '@/parts/reach';
import { CallNote } from './CallNote';
import classes from './Workspace.module.css';

/** The card beside a call: at once what came with the pop, then the whole card. */
export function ClientSummary({ call, client }: { call: Call; client: CallClient }) {
  const { t } = useTranslation();
  const format = useFormat();
  const { data: card, error } = useQuery(clientQuery(client.id));
  const email = card?.emails?.[0]?.email;
  const others = (card?.phones ?? []).filter((phone) => phone.display !== call.number.display);
  return (
    <Stack gap="md">
      <Group justify="space-between" wrap="nowrap">
        <Title order={2} fz={16}>
          {t('client.card')}
        </Title>
        {!isCode(error, 'not_found') && (
          <Anchor component={Link} to={`/clients/${client.id}`} size="sm">
            {t('client.open')}
          </Anchor>
        )}
      </Group>
      <CallBackOwed call={call} />
      <div className={classes.fields}>
        <Field label={t('client.group')}>{client.group || '—'}</Field>
        <Field label={t('client.responsible')}>{client.responsible || '—'}</Field>
        <Field label={t('client.deal_sum')}>{format.money(client.deal_sum)}</Field>
        <Field label={t('client.potential')}>{client.potential ?? '—'}</Field>
        <Field label={t('client.city')}>{client.city || '—'}</Field>
        <Field label={t('client.last_contact')}>{format.moment(client.last_contact_at)}</Field>
        {email && (
          <Field label={t('client.email')} wide>
            <a href={`mailto:${email}`} className="plain-link">
              {email}
            </a>
          </Field>
        )}
        {others.slice(0, 3).map((phone) => (
          <Field key={phone.id} label={t(`phone_kind.${phone.kind}`)}>
            <NumberLink reach={reach(phone, { phone_id: phone.id })} display={phone.display} clientId={client.id} name={client.name} />
          </Field>
        ))}
      </div>
      {client.note && (
        <div>
          <Text size="xs" c="dimmed">
            {t('client.note')}
          </Text>
          <Text size="sm" lineClamp={3}>
            {client.note}
          </Text>
        </div>
      )}
      <CallNote callId={call.id} />
    </Stack>
  );
}

function Field({ label, wide, children }: { label: string; wide?: boolean; children: ReactNode }) {
  return (
    <div style={{ minWidth: 0, gridColumn: wide ? '1 / -1' : undefined }}>
      <Text size="xs" c="dimmed">
        {label}
      </Text>
      <Text component="div" size="sm" fw={500} style={{ overflowWrap: 'anywhere' }}>
        {children}
      </Text>
    </div>
  );
}
