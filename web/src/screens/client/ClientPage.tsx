import { Badge, Button, Group, Modal, Tabs, Text } from '@mantine/core';
import { notifications } from '@mantine/notifications';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { IconAddressBook, IconChevronLeft, IconHistory, IconInfoCircle, IconPhone, IconTrash, IconUserOff } from '@tabler/icons-react';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Link, useNavigate, useParams } from 'react-router';
import { api, send } from '@/api/client';
import { isCode } from '@/api/error';
import type { ClientCard } from '@/api/types';
import { useCan } from '@/app/session';
import { clientQuery } from '@/parts/clientQueries';
import { useToastError } from '@/parts/errors';
import { Face } from '@/parts/Face';
import { History } from '@/parts/History';
import { Screen } from '@/parts/Screen';
import classes from '@/parts/Screen.module.css';
import { Empty, Failure, Lines } from '@/parts/States';
import { reach } from '@/parts/reach';
import { useDial } from '@/parts/useDial';
import { MainTab } from './MainTab';
import { PersonsTab } from './PersonsTab';

const tabs = ['main', 'history', 'persons'] as const;
const icons = { main: IconInfoCircle, history: IconHistory, persons: IconAddressBook };

/** A client's card; every tab has an address of its own. */
export function ClientPage() {
  const { t } = useTranslation();
  const { id, tab } = useParams();
  const number = Number(id);
  const { data, error, refetch } = useQuery({ ...clientQuery(number), enabled: Number.isInteger(number) });
  if (!Number.isInteger(number) || isCode(error, 'not_found')) {
    return (
      <Empty icon={IconUserOff} title={t('client.missing')} text={t('client.missing_text')}>
        <Button component={Link} to="/clients" variant="default">
          {t('clients.to_groups')}
        </Button>
      </Empty>
    );
  }
  if (error) return <Failure error={error} onRetry={() => void refetch()} />;
  if (!data) return <Lines count={6} />;
  return <Page key={data.id} card={data} tab={tabs.find((each) => each === tab) ?? 'main'} />;
}

function Page({ card, tab }: { card: ClientCard; tab: (typeof tabs)[number] }) {
  const { t } = useTranslation();
  const navigate = useNavigate();
  const can = useCan();
  const { dial } = useDial();
  const [deleting, setDeleting] = useState(false);
  const main = card.phones?.find((phone) => phone.is_main) ?? card.phones?.[0];
  const count = { main: 0, history: 0, persons: card.persons?.length ?? 0 };
  return (
    <Screen
      title={
        <Group gap="sm" wrap="nowrap">
          <Button variant="subtle" color="gray" size="compact-md" px={6} aria-label={t('action.back')} onClick={() => void navigate(-1)}>
            <IconChevronLeft size={20} />
          </Button>
          <Face name={card.name} size={44} />
          <div style={{ minWidth: 0 }}>
            <Text inherit lineClamp={2} lh={1.25}>
              {card.name}
            </Text>
            <Group gap={6}>
              <Badge color="gray" size="sm">
                {t(`kind.${card.kind}`)}
              </Badge>
              {card.group_name && (
                <Badge color="grape" size="sm">
                  {card.group_name}
                </Badge>
              )}
            </Group>
          </div>
        </Group>
      }
      actions={
        <>
          {main && can('calls.dial') && (
            <Button
              color="teal.9"
              leftSection={<IconPhone size={18} />}
              aria-label={t('call.dial_number', { number: main.display })}
              onClick={() => dial({ reach: reach(main, { phone_id: main.id }), display: main.display, clientId: card.id, name: card.name })}
            >
              {t('call.dial')}
            </Button>
          )}
          {can('clients.delete') && (
            <Button variant="default" leftSection={<IconTrash size={18} />} onClick={() => setDeleting(true)}>
              {t('action.delete')}
            </Button>
          )}
        </>
      }
    >
      <Tabs
        value={tab}
        keepMounted={false}
        onChange={(value) => void navigate(`/clients/${card.id}${value === 'main' ? '' : `/${value}`}`, { replace: true })}
      >
        <Tabs.List mb="md" style={{ flexWrap: 'nowrap', overflowX: 'auto' }}>
          {tabs.map((value) => {
            const Glyph = icons[value];
            return (
              <Tabs.Tab key={value} value={value} leftSection={<Glyph size={16} aria-hidden />} style={{ flex: 'none' }}>
                {t(`client.tab_${value}`)}
                {count[value] > 0 && ` (${count[value]})`}
              </Tabs.Tab>
            );
          })}
        </Tabs.List>
        <Tabs.Panel value="main">
          <MainTab card={card} />
        </Tabs.Panel>
        <Tabs.Panel value="history">
          <div className={classes.card} style={{ maxWidth: 860 }}>
            <History clientId={card.id} />
          </div>
        </Tabs.Panel>
        <Tabs.Panel value="persons">
          <PersonsTab card={card} />
        </Tabs.Panel>
      </Tabs>
      {deleting && <DeleteClient card={card} onClose={() => setDeleting(false)} />}
    </Screen>
  );
}

function DeleteClient({ card, onClose }: { card: ClientCard; onClose: () => void }) {
  const { t } = useTranslation();
  const navigate = useNavigate();
  const cache = useQueryClient();
  const fail = useToastError();
  const refresh = () => {
    void cache.invalidateQueries({ queryKey: ['clients'] });
    void cache.invalidateQueries({ queryKey: ['groups'] });
  };
  const restore = async (toast: string) => {
    notifications.hide(toast);
    try {
      await send(api.POST('/clients/{id}/restore', { params: { path: { id: card.id } } }));
      await cache.invalidateQueries({ queryKey: ['client', card.id] });
      refresh();
      void navigate(`/clients/${card.id}`);
    } catch (error) {
      fail(error);
    }
  };
  const remove = useMutation({
    mutationFn: () =>
      send(
        api.DELETE('/clients/{id}', { params: { path: { id: card.id }, header: { 'If-Match': `"${card.version}"` } } }),
      ),
    onSuccess: () => {
      const toast = `deleted-${card.id}`;
      refresh();
      void navigate('/clients?group=all');
      cache.removeQueries({ queryKey: ['client', card.id] });
      notifications.show({
        id: toast,
        title: t('client.deleted', { name: card.name }),
        message: (
          <Button size="compact-xs" variant="light" onClick={() => void restore(toast)}>
            {t('client.restore')}
          </Button>
        ),
        autoClose: 15_000,
      });
    },
    onError: (error) => fail(error),
  });
  return (
    <Modal opened onClose={onClose} title={t('client.delete_title')} closeButtonProps={{ 'aria-label': t('action.close') }}>
      <Text size="sm" mb="lg">
        {t('client.delete_text', { name: card.name })}
      </Text>
      <Group justify="flex-end">
        <Button variant="default" onClick={onClose} data-autofocus>
          {t('action.cancel')}
        </Button>
        <Button color="red.8" loading={remove.isPending} onClick={() => remove.mutate()}>
          {t('action.delete')}
        </Button>
      </Group>
    </Modal>
  );
}
