import { ActionIcon, Button, Checkbox, Group, Menu, Modal, Stack, Text, TextInput, Title } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { IconDots, IconPencil, IconPlus, IconUnlink, IconUsers } from '@tabler/icons-react';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { api, send } from '@/api/client';
import type { ClientCard, PersonRef } from '@/api/types';
import { useCan } from '@/app/session';
import { useErrorText, useToastError } from '@/parts/errors';
import { PersonLine } from '@/parts/PersonLine';
import classes from '@/parts/Screen.module.css';
import { Empty } from '@/parts/States';

/** «Контактные лица»: who works there and how to reach them. */
export function PersonsTab({ card }: { card: ClientCard }) {
  const { t } = useTranslation();
  const can = useCan();
  const cache = useQueryClient();
  const fail = useToastError();
  const [editing, setEditing] = useState<PersonRef | null | undefined>();
  const unlink = useMutation({
    mutationFn: (person: PersonRef) =>
      send(
        api.DELETE('/clients/{id}/persons/{link_id}', { params: { path: { id: card.id, link_id: person.link_id } } }),
      ),
    onSuccess: () => cache.invalidateQueries({ queryKey: ['client', card.id] }),
    onError: (error) => fail(error),
  });
  const persons = card.persons ?? [];
  return (
    <section className={classes.card} style={{ maxWidth: 860 }} aria-label={t('client.persons')}>
      <Group justify="space-between" mb="xs">
        <Title order={2} fz={16}>
          {t('client.persons')}
        </Title>
        {can('clients.write') && (
          <Button size="compact-sm" variant="subtle" leftSection={<IconPlus size={14} />} onClick={() => setEditing(null)}>
            {t('action.add')}
          </Button>
        )}
      </Group>
      {persons.length === 0 && <Empty icon={IconUsers} title={t('person.none')} text={t('person.none_text')} />}
      {persons.map((person) => (
        <PersonLine key={person.link_id} person={person} clientId={card.id}>
          {can('clients.write') && (
            <Menu position="bottom-end">
              <Menu.Target>
                <ActionIcon variant="subtle" color="gray" aria-label={t('client.contact_menu', { name: person.name })}>
                  <IconDots size={16} />
                </ActionIcon>
              </Menu.Target>
              <Menu.Dropdown>
                <Menu.Item leftSection={<IconPencil size={16} />} onClick={() => setEditing(person)}>
                  {t('action.edit')}
                </Menu.Item>
                <Menu.Item color="red" leftSection={<IconUnlink size={16} />} onClick={() => unlink.mutate(person)}>
                  {t('person.unlink')}
                </Menu.Item>
              </Menu.Dropdown>
            </Menu>
          )}
        </PersonLine>
      ))}
      {editing !== undefined && <PersonEditor clientId={card.id} person={editing} onClose={() => setEditing(undefined)} />}
    </section>
  );
}

function PersonEditor({ clientId, person, onClose }: { clientId: number; person: PersonRef | null; onClose: () => void }) {
  const { t } = useTranslation();
  const cache = useQueryClient();
  const errorText = useErrorText();
  const [name, setName] = useState(person?.name ?? '');
  const [position, setPosition] = useState(person?.position ?? '');
  const [phone, setPhone] = useState('');
  const [email, setEmail] = useState('');
  const [primary, setPrimary] = useState(person?.is_primary ?? false);
  const save = useMutation({
    mutationFn: () => {
      const facts = { name: name.trim(), position: position.trim(), is_primary: primary };
      if (person) {
        return send(
          api.PATCH('/clients/{id}/persons/{link_id}', {
            params: { path: { id: clientId, link_id: person.link_id } },
            body: facts,
          }),
        );
      }
      return send(
        api.POST('/clients/{id}/persons', {
          params: { path: { id: clientId } },
          body: {
            ...facts,
            phones: phone.trim() ? [{ raw: phone.trim() }] : [],
            emails: email.trim() ? [{ email: email.trim() }] : [],
          },
        }),
      );
    },
    onSuccess: async () => {
      await cache.invalidateQueries({ queryKey: ['client', clientId] });
      onClose();
    },
  });
  return (
    <Modal opened onClose={onClose} title={t(person ? 'person.edit' : 'person.add')} closeButtonProps={{ 'aria-label': t('action.close') }}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          if (name.trim()) save.mutate();
        }}
      >
        <Stack>
          <TextInput data-autofocus label={t('person.name')} withAsterisk value={name} onChange={(event) => setName(event.currentTarget.value)} />
          <TextInput label={t('person.position')} value={position} onChange={(event) => setPosition(event.currentTarget.value)} />
          {!person && (
            <>
              <TextInput type="tel" label={t('client.phone')} value={phone} onChange={(event) => setPhone(event.currentTarget.value)} />
              <TextInput type="email" label={t('client.email')} value={email} onChange={(event) => setEmail(event.currentTarget.value)} />
            </>
          )}
          <Checkbox label={t('person.make_primary')} checked={primary} onChange={(event) => setPrimary(event.currentTarget.checked)} />
          {save.error && (
            <Text size="sm" c="red" role="alert">
              {errorText(save.error)}
            </Text>
          )}
          <Group justify="flex-end">
            <Button variant="default" onClick={onClose}>
              {t('action.cancel')}
            </Button>
            <Button type="submit" disabled={!name.trim()} loading={save.isPending}>
              {t('action.save')}
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  );
}
