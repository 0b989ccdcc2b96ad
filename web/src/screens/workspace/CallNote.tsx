import { Group, Text, Textarea } from '@mantine/core';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import { api, send } from '@/api/client';
import { callQuery } from '@/parts/callQuery';
import { useAutosave } from '@/parts/useAutosave';

/** Note on a call; saved by itself, also while the call goes on. */
export function CallNote({ callId, id = 'call-note' }: { callId: string; id?: string }) {
  const { data } = useQuery(callQuery(callId));
  // what the server has fills the field once, later answers do not overwrite the typing
  return <NoteField key={data ? 'ready' : 'loading'} callId={callId} initial={data?.note ?? ''} id={id} />;
}

function NoteField({ callId, initial, id }: { callId: string; initial: string; id: string }) {
  const { t } = useTranslation();
  const cache = useQueryClient();
  const { value, setValue, state, flush } = useAutosave(initial, async (text) => {
    await send(api.POST('/calls/{id}/note', { params: { path: { id: callId } }, body: { text } }));
    // the field is filled from here when the user comes back to the call
    cache.setQueryData(callQuery(callId).queryKey, (record) => record && { ...record, note: text });
  });
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
