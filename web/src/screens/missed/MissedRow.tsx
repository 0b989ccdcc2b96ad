import { ActionIcon, Anchor, Badge, Button, Group, Menu, Modal, Text, Textarea } from '@mantine/core';
import { notifications } from '@mantine/notifications';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { IconDots, IconPhone } from '@tabler/icons-react';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Link } from 'react-router';
import { api, send } from '@/api/client';
import type { Obligation } from '@/api/types';
import { useCan, useMe } from '@/app/session';
import { useFormat } from '@/format/useFormat';
import { usersQuery } from '@/parts/clientQueries';
import { useToastError } from '@/parts/errors';
import { Face } from '@/parts/Face';
import { reach } from '@/parts/reach';
import { useDial } from '@/parts/useDial';
import own from '@/parts/CallerRow.module.css';

/** One missed caller: who, how often, by when, and who calls back. */
export function MissedRow({ row }: { row: Obligation }) {
  const { t } = useTranslation();
  const can = useCan();
  const format = useFormat();
  const { dial } = useDial();
  const name = row.client_name || row.caller_name || row.number.display;
  const open = row.state === 'open';
  const target = row.number.raw && reach(row.number, { obligation_id: row.id });
  return (
    <div className={own.row}>
      <Face name={name} size={40} />
      <div className={own.who}>
        {row.client_id ? (
          <Anchor component={Link} to={`/clients/${row.client_id}`} fw={600} c="inherit" className="ellipsis" display="block">
            {name}
          </Anchor>
        ) : (
          <Text fw={600} className="ellipsis">
            {name}
          </Text>
        )}
        <Text size="sm" c="dimmed" className="tabular" lineClamp={2}>
          {[name !== row.number.display && row.number.display, t('missed.attempts', { count: row.attempts })].filter(Boolean).join(' · ')}
          <span className={own.next}>{t('missed.last', { time: format.within(row.last_at) })}</span>
        </Text>
      </div>
      <div className={own.term}>
        {open ? (
          <>
            {row.overdue && <Badge color="red">{t('missed.overdue')}</Badge>}
            <Text size="sm" c={row.overdue ? 'var(--rc-red)' : 'dimmed'}>
              {t('missed.due', { time: format.within(row.due_at) })}
            </Text>
            <Text size="sm" c="dimmed" className="ellipsis">
              {row.owner_name || t('missed.nobody')}
            </Text>
          </>
        ) : (
          <Text size="sm" c="dimmed" lineClamp={2}>
            {row.closed_how === 'hand'
              ? t('missed.closed_by_hand', { name: row.closed_by_name || '—', reason: row.reason })
              : t('missed.closed_by_contact', { time: format.within(row.closed_at), name: row.closed_by_name || '—' })}
          </Text>
        )}
      </div>
      <Group gap="xs" wrap="nowrap">
        {open && can('calls.dial') && target && (
          <Button color="teal.9" size="sm" leftSection={<IconPhone size={16} />} onClick={() => dial({ reach: target, display: row.number.display, clientId: row.client_id, name })}>
            {t('call.back')}
          </Button>
        )}
        <Orders row={row} name={name} />
      </Group>
    </div>
  );
}

function Orders({ row, name }: { row: Obligation; name: string }) {
  const { t } = useTranslation();
  const me = useMe();
  const can = useCan();
  const cache = useQueryClient();
  const fail = useToastError();
  const [closing, setClosing] = useState(false);
  const users = useQuery({ ...usersQuery, enabled: can('calls.read_all') });
  const changed = () => void cache.invalidateQueries({ queryKey: ['obligations'] });
  const path = { path: { id: row.id } };
  const assign = useMutation({
    mutationFn: (userId: number) => send(api.POST('/obligations/{id}/assign', { params: path, body: { user_id: userId } })),
    onSuccess: changed,
    onError: (error) => fail(error),
  });
  const reopen = useMutation({
    mutationFn: () => send(api.POST('/obligations/{id}/reopen', { params: path })),
    onSuccess: changed,
    onError: (error) => fail(error),
  });
  if (row.state === 'closed') {
    return row.closed_how === 'hand' ? (
      <Button variant="default" size="sm" loading={reopen.isPending} onClick={() => reopen.mutate()}>
        {t('missed.reopen')}
      </Button>
    ) : null;
  }
  return (
    <>
      <Menu position="bottom-end">
        <Menu.Target>
          <ActionIcon variant="default" size={36} aria-label={t('control.more')}>
            <IconDots size={18} />
          </ActionIcon>
        </Menu.Target>
        <Menu.Dropdown mah={360} style={{ overflow: 'auto' }}>
          {row.owner_id !== me.id && <Menu.Item onClick={() => assign.mutate(me.id)}>{t('missed.take')}</Menu.Item>}
          <Menu.Item onClick={() => setClosing(true)}>{t('missed.close')}</Menu.Item>
          {can('calls.read_all') && <Menu.Label>{t('missed.give')}</Menu.Label>}
          {(users.data?.items ?? [])
            .filter((user) => user.id !== row.owner_id && user.id !== me.id)
            .map((user) => (
              <Menu.Item key={user.id} onClick={() => assign.mutate(user.id)}>
                {user.name}
              </Menu.Item>
            ))}
        </Menu.Dropdown>
      </Menu>
      {closing && (
        <Close
          row={row}
          onClose={() => setClosing(false)}
          onDone={() => {
            setClosing(false);
            changed();
            notifications.show({
              message: (
                <Group justify="space-between" wrap="nowrap">
                  {t('missed.closed_toast', { name })}
                  <Button size="compact-sm" variant="subtle" onClick={() => reopen.mutate()}>
                    {t('action.undo')}
                  </Button>
                </Group>
              ),
            });
          }}
        />
      )}
    </>
  );
}

function Close({ row, onClose, onDone }: { row: Obligation; onClose: () => void; onDone: () => void }) {
  const { t } = useTranslation();
  const fail = useToastError();
  const [reason, setReason] = useState('');
  const close = useMutation({
    mutationFn: () => send(api.POST('/obligations/{id}/close', { params: { path: { id: row.id } }, body: { reason: reason.trim() } })),
    onSuccess: onDone,
    onError: (error) => fail(error),
  });
  return (
    <Modal opened onClose={onClose} title={t('missed.close_title')} closeButtonProps={{ 'aria-label': t('action.close') }}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          close.mutate();
        }}
      >
        <Textarea data-autofocus autosize minRows={2} maxLength={1000} label={t('missed.reason')} value={reason} onChange={(event) => setReason(event.currentTarget.value)} />
        <Group justify="flex-end" mt="md">
          <Button variant="default" onClick={onClose}>
            {t('action.cancel')}
          </Button>
          <Button type="submit" disabled={!reason.trim()} loading={close.isPending}>
            {t('missed.close')}
          </Button>
        </Group>
      </form>
    </Modal>
  );
}
