import { Alert, Button, Group, Text } from '@mantine/core';
import { notifications } from '@mantine/notifications';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useErrorText } from './errors';

interface Source<T> {
  queryKey: readonly unknown[];
  read: (signal: AbortSignal) => Promise<T>;
  write: (value: T) => Promise<T>;
}

/** Settings that are read whole, changed on the page and saved whole. */
export function useDraft<T>({ queryKey, read, write }: Source<T>) {
  const { t } = useTranslation();
  const cache = useQueryClient();
  const query = useQuery({ queryKey, queryFn: ({ signal }) => read(signal) });
  const [draft, setDraft] = useState<T>();
  const save = useMutation({
    mutationFn: write,
    onSuccess: (kept) => {
      cache.setQueryData(queryKey, kept);
      setDraft(undefined);
      notifications.show({ color: 'teal', message: t('draft.saved') });
    },
  });
  const value = draft ?? query.data;
  return {
    query,
    value,
    change: (part: Partial<T>) => value && setDraft({ ...value, ...part }),
    drop: () => {
      setDraft(undefined);
      save.reset();
    },
    save: () => value && save.mutate(value),
    dirty: draft !== undefined,
    saving: save.isPending,
    error: save.error,
  };
}

interface SaveProps {
  draft: Pick<ReturnType<typeof useDraft>, 'dirty' | 'saving' | 'error' | 'save' | 'drop'>;
  /** The draft has faults that are shown beside their fields. */
  invalid?: boolean;
}

/** Save and cancel below a form, and why it was not saved. */
export function SaveBar({ draft, invalid = false }: SaveProps) {
  const { t } = useTranslation();
  const errorText = useErrorText();
  return (
    <>
      {draft.error && (
        <Alert color="red" role="alert" p="sm" mt="md">
          {errorText(draft.error)}
        </Alert>
      )}
      <Group mt="md" gap="sm">
        <Button onClick={draft.save} loading={draft.saving} disabled={!draft.dirty || invalid}>
          {t('action.save')}
        </Button>
        {draft.dirty && (
          <Button variant="default" onClick={draft.drop} disabled={draft.saving}>
            {t('action.cancel')}
          </Button>
        )}
        {draft.dirty && (
          <Text size="sm" c="var(--rc-orange)">
            {t(invalid ? 'draft.invalid' : 'draft.unsaved')}
          </Text>
        )}
      </Group>
    </>
  );
}
