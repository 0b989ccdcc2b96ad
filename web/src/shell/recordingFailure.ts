import { notifications } from '@mantine/notifications';
import i18next from 'i18next';
import type { Recording } from '@/api/types';
import { useLive } from '@/live/store';

/** Tells who talks that nothing is recorded any more, and why: the button alone would change in silence. */
export function tellFailure(recording: Recording): void {
  const call = useLive.getState().calls[recording.call_id];
  if (recording.state !== 'failed' || !call || call.state === 'ended') return;
  notifications.show({
    id: `recording-${recording.id}`, // a second message of the same fault takes the place of the first
    color: 'red',
    title: i18next.t('recording.not_going_on'),
    message: recording.reason && i18next.t(`recording.reason.${recording.reason}`),
    autoClose: 15_000,
  });
}
