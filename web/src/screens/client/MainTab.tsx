import { Button, Group, Stack, Text, Title } from '@mantine/core';
import { IconPencil } from '@tabler/icons-react';
import { useState, type ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import type { ClientCard } from '@/api/types';
import { useCan } from '@/app/session';
import { useFormat } from '@/format/useFormat';
import classes from '@/parts/Screen.module.css';
import own from './Client.module.css';
import { AddressesBlock, EmailsBlock, PhonesBlock } from './Contacts';
import { EditMain } from './EditMain';

/** «Главная информация»: facts on the left, ways to reach on the right. */
export function MainTab({ card }: { card: ClientCard }) {
  const { t } = useTranslation();
  const can = useCan();
  const [editing, setEditing] = useState(false);
  return (
    <div className={own.pair}>
      <section className={classes.card} aria-label={t('client.tab_main')}>
        <Group justify="space-between" mb="md">
          <Title order={2} fz={16}>
            {t('client.tab_main')}
          </Title>
          {!editing && can('clients.write') && (
            <Button size="xs" variant="default" leftSection={<IconPencil size={15} />} onClick={() => setEditing(true)}>
              {t('action.edit')}
            </Button>
          )}
        </Group>
        {editing ? <EditMain card={card} onDone={() => setEditing(false)} /> : <Facts card={card} />}
      </section>
      <Stack gap="md">
        <PhonesBlock card={card} />
        <EmailsBlock card={card} />
        <AddressesBlock card={card} />
      </Stack>
    </div>
  );
}

function Facts({ card }: { card: ClientCard }) {
  const { t } = useTranslation();
  const format = useFormat();
  return (
    <>
      <dl className={own.facts}>
        <Fact label={t('client.full_name')} wide>
          {card.full_name}
        </Fact>
        <Fact label={t('client.activity')} wide>
          {card.activity}
        </Fact>
        <Fact label={t('client.responsible')}>{card.responsible_name}</Fact>
        <Fact label={t('client.group')}>{card.group_name}</Fact>
        <Fact label={t('client.deal_sum')}>{format.money(card.deal_sum)}</Fact>
        <Fact label={t('client.potential')}>{card.potential}</Fact>
        <Fact label={t('client.city')}>{card.city}</Fact>
        <Fact label={t('client.relation_type')}>{card.relation_type}</Fact>
        <Fact label={t('client.source')}>{card.source}</Fact>
        <Fact label={t('client.first_contact')}>{card.first_contact_on && format.date(card.first_contact_on)}</Fact>
        <Fact label={t('client.last_contact')}>{card.last_contact_at && format.moment(card.last_contact_at)}</Fact>
        <Fact label={t('client.created')}>
          {[format.date(card.created_at), card.created_by_name].filter(Boolean).join(' · ')}
        </Fact>
      </dl>
      <Text size="xs" c="dimmed" mt="md">
        {t('client.note')}
      </Text>
      <Text size="sm" style={{ whiteSpace: 'pre-line' }}>
        {card.note || '—'}
      </Text>
    </>
  );
}

function Fact({ label, wide, children }: { label: string; wide?: boolean; children: ReactNode }) {
  return (
    <div data-wide={wide}>
      <dt>{label}</dt>
      <dd>{children === null || children === undefined || children === '' ? '—' : children}</dd>
    </div>
  );
}
