import { ActionIcon, Button, Group, Menu, Text } from '@mantine/core';
import { useQueryClient } from '@tanstack/react-query';
import { IconDots, IconHistory, IconLink, IconPhone, IconShieldX, IconUserPlus } from '@tabler/icons-react';
import { lazy, Suspense, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Link } from 'react-router';
import type { Unsorted } from '@/api/types';
import { useCan } from '@/app/session';
import { useFormat } from '@/format/useFormat';
import { CallGlyph } from '@/parts/calls';
import { ConfirmSpam } from '@/parts/ConfirmSpam';
import { reach } from '@/parts/reach';
import { useDial } from '@/parts/useDial';
import { useNarrow } from '@/parts/useNarrow';
import own from '@/parts/CallerRow.module.css';

const ClientForm = lazy(() => import('@/parts/ClientForm'));
const AttachClient = lazy(() => import('@/parts/AttachClient'));

/** One unknown number: how often and when it called, and who it is to become. */
export function UnsortedRow({ row }: { row: Unsorted }) {
  const { t } = useTranslation();
  const can = useCan();
  const narrow = useNarrow();
  const cache = useQueryClient();
  const format = useFormat();
  const { dial } = useDial();
  const [open, setOpen] = useState<'create' | 'attach' | 'spam' | null>(null);
  const close = () => setOpen(null);
  const sorted = () => {
    for (const key of ['unsorted', 'calls', 'obligations']) void cache.invalidateQueries({ queryKey: [key] });
  };
  const id = row.last_call_id;
  const number = { raw: row.e164 || row.display, e164: row.e164, display: row.display, kind: 'external' as const };
  return (
    <div className={own.row} role="listitem">
      <CallGlyph call={{ direction: row.direction, disposition: row.disposition, state: 'ended' }} size={40} />
      <div className={own.who}>
        <Text fw={600} className="ellipsis tabular">
          {row.display}
        </Text>
        <Text size="sm" c="dimmed" className="ellipsis">
          {[row.caller_name, t('unsorted.calls', { count: row.calls }), row.calls > 1 && row.answered > 0 && t('unsorted.answered', { count: row.answered })]
            .filter(Boolean)
            .join(' · ')}
        </Text>
      </div>
      <div className={own.term}>
        <Text size="sm" className="ellipsis">
          {format.moment(row.last_at)}
        </Text>
        {row.calls > 1 && (
          <Text size="sm" c="dimmed" className="ellipsis">
            {t('unsorted.first', { time: format.within(row.first_at) })}
          </Text>
        )}
      </div>
      <Group gap="xs" wrap="nowrap">
        {can('clients.write') && (
          <>
            <Button size="sm" variant="light" leftSection={<IconUserPlus size={16} />} onClick={() => setOpen('create')}>
              {t('call.create_client')}
            </Button>
            {!narrow && (
              <Button size="sm" variant="default" leftSection={<IconLink size={16} />} onClick={() => setOpen('attach')}>
                {t('call.attach')}
              </Button>
            )}
          </>
        )}
        <Menu position="bottom-end">
          <Menu.Target>
            <ActionIcon variant="default" size={36} aria-label={t('unsorted.more', { number: row.display })}>
              <IconDots size={18} />
            </ActionIcon>
          </Menu.Target>
          <Menu.Dropdown>
            {narrow && can('clients.write') && (
              <Menu.Item leftSection={<IconLink size={16} />} onClick={() => setOpen('attach')}>
                {t('call.attach')}
              </Menu.Item>
            )}
            {can('calls.dial') && (
              <Menu.Item leftSection={<IconPhone size={16} />} onClick={() => dial({ reach: reach(number, { call_id: id }), display: row.display })}>
                {t('call.back')}
              </Menu.Item>
            )}
            <Menu.Item component={Link} to={`/calls/${id}`} leftSection={<IconHistory size={16} />}>
              {t('unsorted.open_call')}
            </Menu.Item>
            {can('clients.write') && (
              <Menu.Item color="red" leftSection={<IconShieldX size={16} />} onClick={() => setOpen('spam')}>
                {t('call.mark_spam')}
              </Menu.Item>
            )}
          </Menu.Dropdown>
        </Menu>
      </Group>
      <Suspense>
        {open === 'create' && <ClientForm onClose={close} onSaved={sorted} call={{ id, number, name: row.caller_name }} />}
        {open === 'attach' && <AttachClient onClose={close} callId={id} number={row.display} onDone={sorted} />}
      </Suspense>
      {open === 'spam' && <ConfirmSpam number={row.e164} callId={id} display={row.display} onClose={close} onDone={sorted} />}
    </div>
  );
}
