import { Group, Text, Textarea } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import { api, send } from '@/api/client';
import { useAutosave } from '@/parts/useAutosave';

/** Note on a call; saved by itself, also while the call goes on. */
export function CallNote({ callId, id = 'call-note' }: { callId: string; id?: string }) {
  const { data } = useQuery({
    queryKey: ['calls', 'note', callId],
    queryFn: async () => (await send(api.GET('/calls/{id}', { params: { path: { id: callId } } }))).note ?? '',
    staleTime: Infinity,
  });
  return <NoteField key={data === undefined ? 'loading' : 'ready'} callId={callId} initial={data ?? ''} id={id} />;
}

function NoteField({ callId, initial, id }: { callId: string; initial: string; id: string }) {
  const { t } = useTranslation();
  const { value, setValue, state, flush } = useAutosave(initial, (text) =>
    send(api.POST('/calls/{id}/note', { params: { path: { id: callId } }, body: { text } })),
  );
  return (
    <div>
      <Group justify="space-between" mb={4}>
        <Text component="label" htmlFor={id} size="sm" fw={600}>
          {t('note.label')}
        </Text>
        <Text size="xs" c={state === 'failed' ? 'red' : 'dimmed'} role="status">
          {state === 'idle' ? '' : t(`note.${state}`)}
        </Text>
      </Group>
      <Textarea
        id={id}
        autosize
        minRows={2}
        maxRows={8}
        placeholder={t('note.hint')}
        value={value}
        onChange={(event) => setValue(event.currentTarget.value)}
        onBlur={flush}
      />
    </div>
  );
}
