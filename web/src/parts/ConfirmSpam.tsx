import { Button, Group, Modal, Text } from '@mantine/core';
import { notifications } from '@mantine/notifications';
import { useMutation } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import { api, send } from '@/api/client';
import { masked } from '@/format/text';
import { useToastError } from './errors';

interface Props {
  /** Empty or masked: the call names the number. */
  number: string;
  callId: string;
  display: string;
  onClose: () => void;
  onDone: () => void;
}

/** Marks a number as spam, with a way back in the toast. */
export function ConfirmSpam({ number, callId, display, onClose, onDone }: Props) {
  const { t } = useTranslation();
  const fail = useToastError();
  const mark = useMutation({
    mutationFn: (spam: boolean) =>
      send(api.POST('/numbers/spam', { body: { ...(number && !masked(number) ? { number } : { call_id: callId }), spam } })),
    // not with mutate: the way back is taken when this is long closed
    onSuccess: (_, spam) => {
      if (spam) offerUndo();
      onDone();
      onClose();
    },
    onError: (error) => fail(error),
  });
  const offerUndo = () => {
    const id = `spam-${callId}`;
    notifications.show({
      id,
      title: t('spam.done', { number: display }),
      message: (
        <Button
          size="compact-xs"
          variant="light"
          onClick={() => {
            notifications.hide(id);
            mark.mutate(false);
          }}
        >
          {t('action.undo')}
        </Button>
      ),
      autoClose: 10_000,
    });
  };
  return (
    <Modal opened onClose={onClose} title={t('spam.title', { number: display })} closeButtonProps={{ 'aria-label': t('action.close') }}>
      <Text size="sm" mb="lg">
        {t('spam.text')}
      </Text>
      <Group justify="flex-end">
        <Button variant="default" onClick={onClose}>
          {t('action.cancel')}
        </Button>
        <Button color="red.8" loading={mark.isPending} onClick={() => mark.mutate(true)} data-autofocus>
          {t('call.mark_spam')}
        </Button>
      </Group>
    </Modal>
  );
}
