import { Menu } from '@mantine/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { IconPlayerPause, IconPlayerPlay, IconPlayerRecord, IconPlayerRecordFilled, IconPlayerStop } from '@tabler/icons-react';
import { useTranslation } from 'react-i18next';
import { api, send } from '@/api/client';
import { useToastError } from '@/parts/errors';
import { recordingsQuery } from '@/parts/recordings';
import { ActionButton } from './ActionButton';

type Command = 'start' | 'stop' | 'pause' | 'resume';

/** Starts the recording of a call; of one that is recorded, pauses and stops it. */
export function RecordButton({ callId }: { callId: string }) {
  const { t } = useTranslation();
  const cache = useQueryClient();
  const fail = useToastError();
  const { data } = useQuery(recordingsQuery(callId));
  const current = data?.find((each) => each.state === 'recording' || each.state === 'paused');
  const order = useMutation({
    mutationFn: (command: Command) => send(api.POST('/calls/{id}/record', { params: { path: { id: callId } }, body: { command } })),
    onError: (error) => fail(error),
    onSettled: () => void cache.invalidateQueries({ queryKey: ['recordings', callId] }),
  });
  if (!current) {
    return <ActionButton icon={IconPlayerRecord} label={t('recording.start')} disabled={order.isPending} onClick={() => order.mutate('start')} />;
  }
  const paused = current.state === 'paused';
  return (
    <Menu position="bottom">
      <Menu.Target>
        <div>
          <ActionButton
            icon={paused ? IconPlayerPause : IconPlayerRecordFilled}
            tone={paused ? 'on' : 'red'}
            label={t(paused ? 'recording.paused' : 'recording.on')}
            onClick={() => undefined}
          />
        </div>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Item
          leftSection={paused ? <IconPlayerPlay size={17} aria-hidden /> : <IconPlayerPause size={17} aria-hidden />}
          onClick={() => order.mutate(paused ? 'resume' : 'pause')}
        >
          {t(paused ? 'recording.resume' : 'recording.pause')}
        </Menu.Item>
        <Menu.Item leftSection={<IconPlayerStop size={17} aria-hidden />} onClick={() => order.mutate('stop')}>
          {t('recording.stop')}
        </Menu.Item>
      </Menu.Dropdown>
    </Menu>
  );
}
