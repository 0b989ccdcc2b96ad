import { Button, Group, Modal, ScrollArea, Stack, Text, TextInput, UnstyledButton } from '@mantine/core';
import { useDebouncedValue } from '@mantine/hooks';
import { notifications } from '@mantine/notifications';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { IconSearch } from '@tabler/icons-react';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { api, send } from '@/api/client';
import { oneEach, searchQuery } from './clientQueries';
import { useToastError } from './errors';
import { Face } from './Face';

interface Props {
  callId: string;
  number: string;
  onClose: () => void;
  onDone: () => void;
}

/** Attaches the number of a call to an existing client (LU-05). */
export default function AttachClient({ callId, number, onClose, onDone }: Props) {
  const { t } = useTranslation();
  const cache = useQueryClient();
  const fail = useToastError();
  const [text, setText] = useState('');
  const [query] = useDebouncedValue(text.trim(), 200);
  const { data, isFetching } = useQuery(searchQuery(query));
  const attach = useMutation({
    mutationFn: (id: number) =>
      send(api.POST('/clients/{id}/link-call', { params: { path: { id } }, body: { call_id: callId } })),
    onSuccess: (_, id) => {
      void cache.invalidateQueries({ queryKey: ['client', id] });
      notifications.show({ color: 'teal', message: t('attach.done', { number }) });
      onDone();
      onClose();
    },
    onError: (error) => fail(error),
  });
  const hits = oneEach(query ? (data?.clients ?? []) : []);
  return (
    <Modal opened onClose={onClose} title={t('attach.title', { number })} closeButtonProps={{ 'aria-label': t('action.close') }}>
      <TextInput
        data-autofocus
        leftSection={<IconSearch size={16} aria-hidden />}
        placeholder={t('attach.hint')}
        aria-label={t('attach.hint')}
        value={text}
        onChange={(event) => setText(event.currentTarget.value)}
      />
      <ScrollArea.Autosize mah={360} mt="sm">
        <Stack gap={2}>
          {hits.map((hit) => (
            <UnstyledButton
              key={hit.client_id}
              p={8}
              style={{ borderRadius: 6 }}
              disabled={attach.isPending}
              onClick={() => hit.client_id && attach.mutate(hit.client_id)}
            >
              <Group wrap="nowrap" gap="sm">
                <Face name={hit.organisation || hit.name} size={34} />
                <div style={{ minWidth: 0 }}>
                  <Text size="sm" fw={500} className="ellipsis">
                    {hit.organisation || hit.name}
                  </Text>
                  <Text size="xs" c="dimmed" className="ellipsis">
                    {[hit.organisation ? hit.name : '', hit.phone].filter(Boolean).join(' · ')}
                  </Text>
                </div>
              </Group>
            </UnstyledButton>
          ))}
          {query && hits.length === 0 && !isFetching && (
            <Text size="sm" c="dimmed" p="sm">
              {t('find.nothing')}
            </Text>
          )}
        </Stack>
      </ScrollArea.Autosize>
      <Group justify="flex-end" mt="md">
        <Button variant="default" onClick={onClose}>
          {t('action.cancel')}
        </Button>
      </Group>
    </Modal>
  );
}
