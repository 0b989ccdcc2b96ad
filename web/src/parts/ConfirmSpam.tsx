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
    mutationFn: (spam: boolean) => send(api.POST('/numbers/spam', { body: { ...(number && !masked(number) ? { number } : { call_id: callId }), spam } })),
    onError: (error) => fail(error),
  });
  const confirm = () =>
    mark.mutate(true, {
      onSuccess: () => {
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
                mark.mutate(false, { onSuccess: onDone });
              }}
            >
              {t('action.undo')}
            </Button>
          ),
          autoClose: 10_000,
        });
        onDone();
        onClose();
      },
    });
  return (
    <Modal opened onClose={onClose} title={t('spam.title', { number: display })} closeButtonProps={{ 'aria-label': t('action.close') }}>
      <Text size="sm" mb="lg">
        {t('spam.text')}
      </Text>
      <Group justify="flex-end">
        <Button variant="default" onClick={onClose}>
          {t('action.cancel')}
        </Button>
        <Button color="red.8" loading={mark.isPending} onClick={confirm} data-autofocus>
          {t('call.mark_spam')}
        </Button>
      </Group>
    </Modal>
  );
}
