import { Alert, Button, Group, NumberInput, Select, SimpleGrid, Stack, Table, Textarea, TextInput } from '@mantine/core';
import { useForm } from '@mantine/form';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import { api, send } from '@/api/client';
import { isCode } from '@/api/error';
import type { ClientCard, ClientPatch } from '@/api/types';
import { clientKinds } from '@/parts/ClientForm';
import { clientQuery, groupsQuery, usersQuery } from '@/parts/clientQueries';
import { useErrorText } from '@/parts/errors';
import { differences, fields, toPatch, toValues, type Field, type Values } from './edit';

/** Edits the main facts; a stale edit shows what another user changed (CC-08). */
export function EditMain({ card, onDone }: { card: ClientCard; onDone: () => void }) {
  const { t } = useTranslation();
  const cache = useQueryClient();
  const errorText = useErrorText();
  const groups = useQuery(groupsQuery);
  const users = useQuery(usersQuery);
  // The record as it was when editing began: a refetch must not move it.
  const form = useForm<Values>({
    initialValues: toValues(card),
    validate: { name: (value) => (value.trim() ? null : t('form.need_name')) },
  });
  const save = useMutation({
    mutationFn: ({ patch, version }: { patch: ClientPatch; version: number }) =>
      send(
        api.PATCH('/clients/{id}', {
          params: { path: { id: card.id }, header: { 'If-Match': `"${version}"` } },
          body: patch,
        }),
      ),
    onSuccess: (saved) => {
      cache.setQueryData(clientQuery(card.id).queryKey, saved);
      void cache.invalidateQueries({ queryKey: ['clients'] });
      void cache.invalidateQueries({ queryKey: ['groups'] });
      onDone();
    },
    onError: (error) => {
      if (!isCode(error, 'invalid')) return;
      for (const { location, message } of error.fields) {
        const field = fields.find((each) => each === location.replace(/^body\./, ''));
        if (field) form.setFieldError(field, message);
      }
    },
  });
  const current = isCode(save.error, 'conflict') ? (save.error.body.current as ClientCard | undefined) : undefined;
  const submit = (values: Values, base: ClientCard) => {
    const patch = toPatch(toValues(base), values);
    if (Object.keys(patch).length === 0) onDone();
    else save.mutate({ patch, version: base.version });
  };
  return (
    <form noValidate onSubmit={form.onSubmit((values) => submit(values, current ?? card))}>
      <Stack>
        <SimpleGrid cols={{ base: 1, xs: 2 }} spacing="md" verticalSpacing="sm">
          <TextInput label={t('client.name')} withAsterisk data-autofocus {...form.getInputProps('name')} />
          <Select
            label={t('client.kind')}
            allowDeselect={false}
            data={clientKinds.map((value) => ({ value, label: t(`kind.${value}`) }))}
            {...form.getInputProps('kind')}
          />
          <TextInput label={t('client.full_name')} {...form.getInputProps('full_name')} />
          <TextInput label={t('client.activity')} {...form.getInputProps('activity')} />
          <Select
            label={t('client.responsible')}
            clearable
            searchable
            data={(users.data?.items ?? []).map((user) => ({ value: String(user.id), label: user.name }))}
            {...form.getInputProps('responsible_id')}
          />
          <Select
            label={t('client.group')}
            clearable
            data={(groups.data?.items ?? []).filter((group) => !group.virtual).map((group) => ({ value: String(group.id), label: group.name }))}
            {...form.getInputProps('group_id')}
          />
          <NumberInput label={t('client.potential_0_100')} min={0} max={100} allowDecimal={false} {...form.getInputProps('potential')} />
          <TextInput label={t('client.city')} {...form.getInputProps('city')} />
          <TextInput label={t('client.source')} {...form.getInputProps('source')} />
          <TextInput label={t('client.relation_type')} {...form.getInputProps('relation_type')} />
        </SimpleGrid>
        <Textarea label={t('client.note')} autosize minRows={3} {...form.getInputProps('note')} />
        {current && <Conflict mine={form.getValues()} base={toValues(card)} current={toValues(current)} name={naming(groups.data?.items, users.data?.items)} />}
        {save.error && !current && (
          <Alert color="red" role="alert" p="sm">
            {errorText(save.error)}
          </Alert>
        )}
        <Group justify="flex-end">
          <Button variant="default" onClick={onDone}>
            {t('action.cancel')}
          </Button>
          {current && (
            <Button
              variant="default"
              onClick={() => {
                cache.setQueryData(clientQuery(card.id).queryKey, current);
                onDone();
              }}
            >
              {t('conflict.take_theirs')}
            </Button>
          )}
          <Button type="submit" loading={save.isPending}>
            {t(current ? 'conflict.keep_mine' : 'action.update')}
          </Button>
        </Group>
      </Stack>
    </form>
  );
}

type Named = { id: number; name: string }[] | null | undefined;

function naming(groups: Named, users: Named) {
  return (field: Field, value: string): string => {
    const list = field === 'group_id' ? groups : field === 'responsible_id' ? users : null;
    return list?.find((each) => String(each.id) === value)?.name ?? value;
  };
}

interface ConflictProps {
  mine: Values;
  base: Values;
  current: Values;
  name: (field: Field, value: string) => string;
}

function Conflict({ mine, base, current, name }: ConflictProps) {
  const { t } = useTranslation();
  const show = (field: Field, values: Values) => name(field, String(values[field] ?? '')) || '—';
  return (
    <Alert color="orange" role="alert" title={t('conflict.title')}>
      {t('conflict.text')}
      <Table mt="sm" layout="fixed">
        <Table.Thead>
          <Table.Tr>
            <Table.Th>{t('conflict.field')}</Table.Th>
            <Table.Th>{t('conflict.now')}</Table.Th>
            <Table.Th>{t('conflict.mine')}</Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {differences(base, current).map((field) => (
            <Table.Tr key={field}>
              <Table.Td>{t(`field.${field}`)}</Table.Td>
              <Table.Td>{show(field, current)}</Table.Td>
              <Table.Td>{show(field, mine)}</Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </Alert>
  );
}
