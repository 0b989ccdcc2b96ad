import { ActionIcon, Alert, Anchor, Button, Drawer, Group, List, NumberInput, Select, Stack, Text, Textarea, TextInput } from '@mantine/core';
import { useForm } from '@mantine/form';
import { notifications } from '@mantine/notifications';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { IconPlus, IconTrash } from '@tabler/icons-react';
import { useTranslation } from 'react-i18next';
import { Link } from 'react-router';
import { api, send } from '@/api/client';
import { isCode, type ApiError } from '@/api/error';
import type { ClientCard, ClientInput } from '@/api/types';
import { masked } from '@/format/text';
import type { Num } from '@/live/types';
import { groupsQuery, usersQuery } from './clientQueries';
import { useErrorText } from './errors';

export const clientKinds = ['company', 'person', 'entrepreneur'] as const;

interface Props {
  onClose: () => void;
  onSaved?: (client: ClientCard) => void;
  /** The call from which the client is made: its number is filled in (LU-05). */
  call?: { id: string; number: Num; name?: string };
  groupId?: number | null;
}

interface Values {
  kind: (typeof clientKinds)[number];
  name: string;
  phones: { raw: string }[];
  email: string;
  city: string;
  groupId: string | null;
  responsibleId: string | null;
  potential: number | '';
  note: string;
  person: string;
  position: string;
}

/** New client: the least that is needed first; duplicates are shown before saving. */
export default function ClientForm({ onClose, onSaved, call, groupId }: Props) {
  const { t } = useTranslation();
  const cache = useQueryClient();
  const errorText = useErrorText();
  const groups = useQuery(groupsQuery);
  const users = useQuery(usersQuery);
  // a number that the user may not see is added by the server
  const hidden = call !== undefined && masked(call.number.display);
  const form = useForm<Values>({
    initialValues: {
      kind: 'company',
      name: call?.name ?? '',
      phones: [{ raw: call && !hidden ? call.number.display || call.number.raw : '' }],
      email: '',
      city: '',
      groupId: groupId ? String(groupId) : null,
      responsibleId: null,
      potential: '',
      note: '',
      person: '',
      position: '',
    },
    validate: {
      name: (value) => (value.trim() ? null : t('form.need_name')),
      email: (value) => (!value.trim() || /^\S+@\S+\.\S+$/.test(value.trim()) ? null : t('form.bad_email')),
    },
  });
  const save = useMutation({
    mutationFn: (force: boolean) => send(api.POST('/clients', { body: body(form.getValues(), call?.id, force) })),
    onSuccess: (client) => {
      void cache.invalidateQueries({ queryKey: ['clients'] });
      void cache.invalidateQueries({ queryKey: ['groups'] });
      notifications.show({ color: 'teal', message: t('form.created', { name: client.name }) });
      onSaved?.(client);
      onClose();
    },
    onError: (error) => {
      if (!isCode(error, 'invalid')) return;
      for (const { location, message } of error.fields) {
        const field = location.replace(/^body\./, '').replace(/\[(\d+)\]/g, '.$1');
        if (field in form.getValues() || field.startsWith('phones.')) form.setFieldError(field, message);
      }
    },
  });
  const duplicates = isCode(save.error, 'duplicate') ? duplicatesOf(save.error) : null;
  return (
    <Drawer opened onClose={onClose} title={t('form.new_client')} closeButtonProps={{ 'aria-label': t('action.close') }}>
      <form noValidate onSubmit={form.onSubmit(() => save.mutate(false))}>
        <Stack>
          <Select
            label={t('client.kind')}
            allowDeselect={false}
            data={clientKinds.map((value) => ({ value, label: t(`kind.${value}`) }))}
            {...form.getInputProps('kind')}
          />
          <TextInput label={t('client.name')} withAsterisk data-autofocus {...form.getInputProps('name')} />
          {form.getValues().phones.map((_, index) => (
            <TextInput
              key={index}
              type="tel"
              label={index === 0 ? t('client.phone') : undefined}
              aria-label={t('client.phone')}
              description={index === 0 && hidden ? t('unsorted.hidden_number', { number: call.number.display }) : undefined}
              {...form.getInputProps(`phones.${index}.raw`)}
              rightSection={
                index > 0 && (
                  <ActionIcon variant="subtle" color="gray" aria-label={t('action.delete')} onClick={() => form.removeListItem('phones', index)}>
                    <IconTrash size={16} />
                  </ActionIcon>
                )
              }
            />
          ))}
          <Button
            variant="subtle"
            size="compact-sm"
            leftSection={<IconPlus size={14} />}
            style={{ alignSelf: 'flex-start' }}
            onClick={() => form.insertListItem('phones', { raw: '' })}
          >
            {t('form.add_phone')}
          </Button>
          {form.getValues().kind !== 'person' && (
            <Group grow>
              <TextInput label={t('form.person')} {...form.getInputProps('person')} />
              <TextInput label={t('person.position')} {...form.getInputProps('position')} />
            </Group>
          )}
          <Group grow align="flex-start">
            <TextInput label={t('client.email')} type="email" {...form.getInputProps('email')} />
            <TextInput label={t('client.city')} {...form.getInputProps('city')} />
          </Group>
          <Group grow align="flex-start">
            <Select
              label={t('client.group')}
              clearable
              data={(groups.data?.items ?? []).filter((group) => !group.virtual).map((group) => ({ value: String(group.id), label: group.name }))}
              {...form.getInputProps('groupId')}
            />
            <Select
              label={t('client.responsible')}
              clearable
              searchable
              data={(users.data?.items ?? []).map((user) => ({ value: String(user.id), label: user.name }))}
              {...form.getInputProps('responsibleId')}
            />
          </Group>
          <NumberInput label={t('client.potential_0_100')} min={0} max={100} allowDecimal={false} {...form.getInputProps('potential')} />
          <Textarea label={t('client.note')} autosize minRows={2} {...form.getInputProps('note')} />
          {duplicates && (
            <Alert color="orange" role="alert" title={t('form.duplicates', { count: duplicates.length })}>
              <List size="sm" mb="sm">
                {duplicates.map((each) => (
                  <List.Item key={each.client_id}>
                    <Anchor component={Link} to={`/clients/${each.client_id}`} size="sm" onClick={onClose}>
                      {each.name}
                    </Anchor>
                    {each.reason && (
                      <Text span size="sm" c="dimmed">
                        {' '}
                        · {t(`duplicate.${each.reason === 'phone' || each.reason === 'email' || each.reason === 'name' ? each.reason : 'other'}`)}
                      </Text>
                    )}
                  </List.Item>
                ))}
              </List>
              <Button size="xs" color="orange.8" loading={save.isPending} onClick={() => save.mutate(true)}>
                {t('form.create_anyway')}
              </Button>
            </Alert>
          )}
          {save.error && !duplicates && (
            <Alert color="red" role="alert" p="sm">
              {errorText(save.error)}
            </Alert>
          )}
          <Group justify="flex-end">
            <Button variant="default" onClick={onClose}>
              {t('action.cancel')}
            </Button>
            <Button type="submit" loading={save.isPending}>
              {t('form.create')}
            </Button>
          </Group>
        </Stack>
      </form>
    </Drawer>
  );
}

function body(values: Values, callId: string | undefined, force: boolean): ClientInput {
  const text = (value: string) => value.trim() || undefined;
  const person = values.kind === 'person' ? undefined : text(values.person);
  return {
    name: values.name.trim(),
    kind: values.kind,
    city: text(values.city),
    note: text(values.note),
    group_id: values.groupId ? Number(values.groupId) : undefined,
    responsible_id: values.responsibleId ? Number(values.responsibleId) : undefined,
    potential: values.potential === '' ? undefined : values.potential,
    phones: values.phones.filter((phone) => phone.raw.trim()).map((phone, index) => ({ raw: phone.raw.trim(), is_main: index === 0 })),
    emails: values.email.trim() ? [{ email: values.email.trim() }] : [],
    person: person ? { name: person, position: text(values.position), is_primary: true } : undefined,
    from_call_id: callId,
    force: force || undefined,
  };
}

interface Duplicate {
  client_id: number;
  name: string;
  reason: string;
}

function duplicatesOf(error: ApiError): Duplicate[] {
  const found = error.body.duplicates;
  return Array.isArray(found) ? (found as Duplicate[]) : [];
}
