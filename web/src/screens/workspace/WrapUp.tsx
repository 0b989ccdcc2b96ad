import { Button, Chip, Group, Text, TextInput } from '@mantine/core';
import { notifications } from '@mantine/notifications';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { api, send } from '@/api/client';
import type { CallResult } from '@/api/types';
import { callQuery } from '@/parts/callQuery';
import { useToastError } from '@/parts/errors';
import { resultsQuery } from '@/parts/wrapup';

const DAY = 86_400_000;

/** What a finished talk came to, and when to talk next (PU-08). */
export function WrapUp({ callId, clientId }: { callId: string; clientId?: number }) {
  const { t, i18n } = useTranslation();
  const cache = useQueryClient();
  const fail = useToastError();
  const { data: results } = useQuery(resultsQuery);
  const { data: record } = useQuery(callQuery(callId));
  const [chosen, setChosen] = useState<number | null>(null);
  const [next, setNext] = useState<string | null>(null);
  const save = useMutation({
    mutationFn: (result: CallResult) =>
      send(
        api.POST('/calls/{id}/wrapup', {
          params: { path: { id: callId } },
          body: { result_id: result.id, next_contact_at: next ? new Date(next).toISOString() : undefined },
        }),
      ),
    onSuccess: (call) => {
      cache.setQueryData(callQuery(callId).queryKey, call);
      void cache.invalidateQueries({ queryKey: ['calls', 'list'] });
      notifications.show({ message: t('wrapup.saved') });
    },
    onError: (error) => fail(error),
  });
  if (!results || results.length === 0 || !record) return null;
  const value = chosen ?? record.wrapup?.result_id ?? null;
  const result = results.find((each) => each.id === value);
  const name = (each: CallResult) => (i18n.language === 'en' ? each.name_en : each.name_ru);
  const pick = (id: number) => {
    setChosen(id);
    const days = results.find((each) => each.id === id)?.next_contact_days;
    setNext(typeof days === 'number' && clientId ? localMinute(Date.now() + days * DAY) : null);
  };
  const lacksNote = result?.requires_note && !record.note.trim();
  return (
    <div style={{ marginTop: 16 }}>
      <Text size="sm" fw={600} mb={6}>
        {t('wrapup.title')}
      </Text>
      <Chip.Group value={value === null ? null : String(value)} onChange={(id) => pick(Number(id))}>
        <Group gap="xs">
          {results.map((each) => (
            <Chip key={each.id} value={String(each.id)} size="sm">
              <span aria-hidden style={{ display: 'inline-block', width: 8, height: 8, borderRadius: 4, marginRight: 6, background: each.color }} />
              {name(each)}
            </Chip>
          ))}
        </Group>
      </Chip.Group>
      {result && chosen !== null && (
        <Group mt="sm" align="flex-end">
          {clientId && (
            <TextInput
              type="datetime-local"
              size="sm"
              label={t('wrapup.next')}
              value={next ?? ''}
              onChange={(event) => setNext(event.currentTarget.value || null)}
            />
          )}
          <Button size="sm" loading={save.isPending} disabled={lacksNote} onClick={() => save.mutate(result)}>
            {t('wrapup.save')}
          </Button>
          {lacksNote && (
            <Text size="sm" c="var(--rc-orange)">
              {t('wrapup.needs_note')}
            </Text>
          )}
        </Group>
      )}
    </div>
  );
}

/** A moment as a datetime-local field has it, in the zone of the browser. */
function localMinute(at: number): string {
  const date = new Date(at);
  return new Date(at - date.getTimezoneOffset() * 60_000).toISOString().slice(0, 16);
}
