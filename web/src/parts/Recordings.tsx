import { ActionIcon, Badge, Button, Group, Menu, Modal, Stack, Text, Tooltip } from '@mantine/core';
import { notifications } from '@mantine/notifications';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { IconDots, IconDownload, IconEar, IconRefresh, IconTrash } from '@tabler/icons-react';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { api, send } from '@/api/client';
import type { Recording } from '@/api/types';
import { useCan } from '@/app/session';
import { clock } from '@/format/time';
import { useFormat } from '@/format/useFormat';
import { useToastError } from './errors';
import { Player } from './Player';
import { recordingsQuery } from './recordings';
import { Failure, Lines } from './States';

const colors: Record<Recording['state'], string> = {
  recording: 'red',
  paused: 'yellow',
  stored_at_pbx: 'indigo',
  fetching: 'indigo',
  ready: 'teal',
  failed: 'red',
  missing: 'red',
  deleted: 'gray',
};

/** What was recorded of a call, with a player, or why there is nothing to hear (CO-08). */
export function Recordings({ callId }: { callId: string }) {
  const { t } = useTranslation();
  const { data, error, refetch } = useQuery(recordingsQuery(callId));
  if (error) return <Failure error={error} onRetry={() => void refetch()} />;
  if (!data) return <Lines count={1} height={64} />;
  if (data.length === 0) {
    return (
      <Text size="sm" c="dimmed">
        {t('recording.none')}
      </Text>
    );
  }
  return (
    <Stack gap="md">
      {data.map((each) => (
        <One key={each.id} recording={each} />
      ))}
    </Stack>
  );
}

function One({ recording }: { recording: Recording }) {
  const { t } = useTranslation();
  const can = useCan();
  const format = useFormat();
  const ready = recording.state === 'ready';
  return (
    <div>
      <Group gap="xs" wrap="nowrap" mb={6}>
        {!ready && <Badge color={colors[recording.state]}>{t(`recording.state.${recording.state}`)}</Badge>}
        <Text size="xs" c="dimmed" className="tabular ellipsis" flex={1}>
          {[format.time(recording.started_at), ready && clock(recording.duration_ms), recording.started_by && t('recording.by', { name: recording.started_by.name })]
            .filter(Boolean)
            .join(' · ')}
        </Text>
        <More recording={recording} />
      </Group>
      {recording.reason && (
        <Text size="sm" c={ready ? 'var(--rc-orange)' : 'var(--rc-red)'} mb={6}>
          {t(`recording.reason.${recording.reason}`)}
        </Text>
      )}
      {ready && can('recordings.listen') && <Player id={recording.id} durationMs={recording.duration_ms} />}
    </div>
  );
}

function More({ recording }: { recording: Recording }) {
  const { t } = useTranslation();
  const can = useCan();
  const cache = useQueryClient();
  const fail = useToastError();
  const [open, setOpen] = useState<'remove' | 'listenings' | null>(null);
  const path = { params: { path: { id: recording.id } } };
  const changed = () => void cache.invalidateQueries({ queryKey: ['recordings', recording.call_id] });
  const remove = useMutation({
    mutationFn: () => send(api.DELETE('/recordings/{id}', path)),
    onSuccess: () => {
      setOpen(null);
      changed();
      notifications.show({ message: t('recording.removed') });
    },
    onError: (error) => fail(error),
  });
  const retry = useMutation({
    mutationFn: () => send(api.POST('/recordings/{id}/retry', path)),
    onSuccess: changed,
    onError: (error) => fail(error),
  });
  const ready = recording.state === 'ready';
  const under = recording.state === 'recording' || recording.state === 'paused';
  const items = [
    ready && can('recordings.listen') && (
      <Menu.Item key="download" component="a" href={`/api/v1/recordings/${recording.id}/audio`} download leftSection={<IconDownload size={16} aria-hidden />}>
        {t('recording.download')}
      </Menu.Item>
    ),
    can('recordings.manage') && (
      <Menu.Item key="listenings" leftSection={<IconEar size={16} aria-hidden />} onClick={() => setOpen('listenings')}>
        {t('recording.listenings')}
      </Menu.Item>
    ),
    can('recordings.manage') && recording.state === 'failed' && (
      <Menu.Item key="retry" leftSection={<IconRefresh size={16} aria-hidden />} onClick={() => retry.mutate()}>
        {t('recording.retry')}
      </Menu.Item>
    ),
    can('recordings.manage') && !under && recording.state !== 'deleted' && (
      <Menu.Item key="remove" color="red" leftSection={<IconTrash size={16} aria-hidden />} onClick={() => setOpen('remove')}>
        {t('recording.remove')}
      </Menu.Item>
    ),
  ].filter(Boolean);
  if (items.length === 0) return null;
  return (
    <>
      <Menu position="bottom-end">
        <Menu.Target>
          <ActionIcon variant="subtle" color="gray" aria-label={t('control.more')}>
            <IconDots size={18} />
          </ActionIcon>
        </Menu.Target>
        <Menu.Dropdown>{items}</Menu.Dropdown>
      </Menu>
      {open === 'remove' && (
        <Modal opened onClose={() => setOpen(null)} title={t('recording.remove_title')} closeButtonProps={{ 'aria-label': t('action.close') }}>
          <Text size="sm">{t('recording.remove_text')}</Text>
          <Group justify="flex-end" mt="md">
            <Button variant="default" onClick={() => setOpen(null)}>
              {t('action.cancel')}
            </Button>
            <Button color="red" loading={remove.isPending} onClick={() => remove.mutate()}>
              {t('action.delete')}
            </Button>
          </Group>
        </Modal>
      )}
      {open === 'listenings' && <Listenings id={recording.id} onClose={() => setOpen(null)} />}
    </>
  );
}

/** The audit of listening: who, when, how. */
function Listenings({ id, onClose }: { id: string; onClose: () => void }) {
  const { t } = useTranslation();
  const format = useFormat();
  const { data, error, refetch } = useQuery({
    queryKey: ['listenings', id],
    queryFn: ({ signal }) => send(api.GET('/recordings/{id}/listenings', { params: { path: { id }, query: { limit: 100 } }, signal })),
  });
  const items = data?.items ?? [];
  return (
    <Modal opened onClose={onClose} title={t('recording.listenings')} closeButtonProps={{ 'aria-label': t('action.close') }}>
      {error && <Failure error={error} onRetry={() => void refetch()} />}
      {!data && !error && <Lines count={2} />}
      {data && items.length === 0 && <Text size="sm">{t('recording.nobody_listened')}</Text>}
      {items.map((each) => (
        <Group key={each.id} justify="space-between" py={4} wrap="nowrap">
          <Text size="sm" className="ellipsis">
            {each.user.name}
          </Text>
          <Tooltip label={each.address}>
            <Text size="xs" c="dimmed" className="tabular">
              {[format.moment(each.at), each.via === 'link' && t('recording.via_link')].filter(Boolean).join(' · ')}
            </Text>
          </Tooltip>
        </Group>
      ))}
    </Modal>
  );
}
