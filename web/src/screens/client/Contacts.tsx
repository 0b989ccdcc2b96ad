import { ActionIcon, Badge, Button, Checkbox, Group, Menu, Modal, Select, Stack, Text, TextInput, Title } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { IconDots, IconPencil, IconPlus, IconTrash } from '@tabler/icons-react';
import { useState, type ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { api, send } from '@/api/client';
import type { Address, ClientCard, Email, Phone } from '@/api/types';
import { useCan } from '@/app/session';
import { masked } from '@/format/text';
import { useErrorText, useToastError } from '@/parts/errors';
import { NumberLink } from '@/parts/NumberLink';
import { reach } from '@/parts/reach';
import classes from '@/parts/Screen.module.css';
import own from './Client.module.css';

export const phoneKinds = ['mobile', 'work', 'home', 'fax', 'other'] as const;
const addressKinds = ['legal', 'actual', 'postal'] as const;

function useRefresh(id: number) {
  const cache = useQueryClient();
  return () => {
    void cache.invalidateQueries({ queryKey: ['clients'] });
    return cache.invalidateQueries({ queryKey: ['client', id] });
  };
}

interface BlockProps<T> {
  title: string;
  items: T[];
  empty: string;
  onEdit: (item: T | null) => void;
  onDelete: (item: T) => void;
  render: (item: T) => ReactNode;
  label: (item: T) => string;
}

function Block<T extends { id: number }>({ title, items, empty, onEdit, onDelete, render, label }: BlockProps<T>) {
  const { t } = useTranslation();
  const can = useCan();
  const writes = can('clients.write');
  return (
    <section className={classes.card} aria-label={title}>
      <Group justify="space-between" mb={4}>
        <Title order={2} fz={16}>
          {title}
        </Title>
        {writes && (
          <Button size="compact-sm" variant="subtle" leftSection={<IconPlus size={14} />} onClick={() => onEdit(null)}>
            {t('action.add')}
          </Button>
        )}
      </Group>
      {items.length === 0 && (
        <Text size="sm" c="dimmed">
          {empty}
        </Text>
      )}
      {items.map((item) => (
        <div key={item.id} className={own.row}>
          <div style={{ flex: 1, minWidth: 0 }}>{render(item)}</div>
          {writes && (
            <Menu position="bottom-end">
              <Menu.Target>
                <ActionIcon variant="subtle" color="gray" aria-label={t('client.contact_menu', { name: label(item) })}>
                  <IconDots size={16} />
                </ActionIcon>
              </Menu.Target>
              <Menu.Dropdown>
                <Menu.Item leftSection={<IconPencil size={16} />} onClick={() => onEdit(item)}>
                  {t('action.edit')}
                </Menu.Item>
                <Menu.Item color="red" leftSection={<IconTrash size={16} />} onClick={() => onDelete(item)}>
                  {t('action.delete')}
                </Menu.Item>
              </Menu.Dropdown>
            </Menu>
          )}
        </div>
      ))}
    </section>
  );
}

interface EditorProps {
  title: string;
  onClose: () => void;
  save: () => Promise<unknown>;
  ready: boolean;
  clientId: number;
  children: ReactNode;
}

function Editor({ title, onClose, save, ready, clientId, children }: EditorProps) {
  const { t } = useTranslation();
  const errorText = useErrorText();
  const refresh = useRefresh(clientId);
  const mutation = useMutation({
    mutationFn: save,
    onSuccess: async () => {
      await refresh();
      onClose();
    },
  });
  return (
    <Modal opened onClose={onClose} title={title} closeButtonProps={{ 'aria-label': t('action.close') }}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          if (ready) mutation.mutate();
        }}
      >
        <Stack>
          {children}
          {mutation.error && (
            <Text size="sm" c="red" role="alert">
              {errorText(mutation.error)}
            </Text>
          )}
          <Group justify="flex-end">
            <Button variant="default" onClick={onClose}>
              {t('action.cancel')}
            </Button>
            <Button type="submit" disabled={!ready} loading={mutation.isPending}>
              {t('action.save')}
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  );
}

/** undefined: closed; null: a new one. */
type Editing<T> = T | null | undefined;

export function PhonesBlock({ card }: { card: ClientCard }) {
  const { t } = useTranslation();
  const fail = useToastError();
  const refresh = useRefresh(card.id);
  const [editing, setEditing] = useState<Editing<Phone>>();
  const remove = useMutation({
    mutationFn: (phone: Phone) =>
      send(api.DELETE('/clients/{id}/phones/{phone_id}', { params: { path: { id: card.id, phone_id: phone.id } } })),
    onSuccess: refresh,
    onError: (error) => fail(error),
  });
  return (
    <>
      <Block
        title={t('client.phones')}
        empty={t('client.no_phones')}
        items={card.phones ?? []}
        onEdit={setEditing}
        onDelete={(phone) => remove.mutate(phone)}
        label={(phone) => phone.display}
        render={(phone) => (
          <Group gap="xs">
            <Text size="sm" fw={500} component="span">
              <NumberLink reach={reach(phone, { phone_id: phone.id })} display={phone.display + (phone.ext ? ` #${phone.ext}` : '')} clientId={card.id} name={card.name} />
            </Text>
            <Text size="xs" c="dimmed">
              {[t(`phone_kind.${phone.kind}`), phone.note].filter(Boolean).join(' · ')}
            </Text>
            {phone.is_main && <Badge size="sm">{t('client.main_phone')}</Badge>}
          </Group>
        )}
      />
      {editing !== undefined && <PhoneEditor clientId={card.id} phone={editing} onClose={() => setEditing(undefined)} />}
    </>
  );
}

function PhoneEditor({ clientId, phone, onClose }: { clientId: number; phone: Phone | null; onClose: () => void }) {
  const { t } = useTranslation();
  const [raw, setRaw] = useState(phone ? phone.display || phone.raw : '');
  const [kind, setKind] = useState<Phone['kind']>(phone?.kind ?? 'mobile');
  const [note, setNote] = useState(phone?.note ?? '');
  const [main, setMain] = useState(phone?.is_main ?? false);
  // a number that is hidden from the user cannot be changed by him, the rest can
  const hidden = phone !== null && masked(phone.display);
  const rest = { kind, note: note.trim(), is_main: main };
  const body = { raw: raw.trim(), ...rest };
  const save = () =>
    phone
      ? send(api.PATCH('/clients/{id}/phones/{phone_id}', { params: { path: { id: clientId, phone_id: phone.id } }, body: hidden ? rest : body }))
      : send(api.POST('/clients/{id}/phones', { params: { path: { id: clientId } }, body }));
  return (
    <Editor title={t(phone ? 'client.edit_phone' : 'client.add_phone')} onClose={onClose} save={save} ready={/\d/.test(raw)} clientId={clientId}>
      <TextInput
        data-autofocus
        type="tel"
        label={t('client.phone')}
        description={hidden && t('client.phone_hidden')}
        disabled={hidden}
        value={raw}
        onChange={(event) => setRaw(event.currentTarget.value)}
      />
      <Select
        label={t('client.contact_kind')}
        allowDeselect={false}
        value={kind}
        onChange={(value) => setKind(value ?? kind)}
        data={phoneKinds.map((value) => ({ value, label: t(`phone_kind.${value}`) }))}
      />
      <TextInput label={t('client.note')} value={note} onChange={(event) => setNote(event.currentTarget.value)} />
      <Checkbox label={t('client.make_main')} checked={main} onChange={(event) => setMain(event.currentTarget.checked)} />
    </Editor>
  );
}

export function EmailsBlock({ card }: { card: ClientCard }) {
  const { t } = useTranslation();
  const fail = useToastError();
  const refresh = useRefresh(card.id);
  const [editing, setEditing] = useState<Editing<Email>>();
  const remove = useMutation({
    mutationFn: (email: Email) =>
      send(api.DELETE('/clients/{id}/emails/{email_id}', { params: { path: { id: card.id, email_id: email.id } } })),
    onSuccess: refresh,
    onError: (error) => fail(error),
  });
  return (
    <>
      <Block
        title={t('client.emails')}
        empty={t('client.no_emails')}
        items={card.emails ?? []}
        onEdit={setEditing}
        onDelete={(email) => remove.mutate(email)}
        label={(email) => email.email}
        render={(email) => (
          <Group gap="xs">
            <a href={`mailto:${email.email}`} className="plain-link ellipsis" style={{ fontSize: 14, fontWeight: 500 }}>
              {email.email}
            </a>
            {email.is_main && <Badge size="sm">{t('client.main_email')}</Badge>}
          </Group>
        )}
      />
      {editing !== undefined && <EmailEditor clientId={card.id} email={editing} onClose={() => setEditing(undefined)} />}
    </>
  );
}

function EmailEditor({ clientId, email, onClose }: { clientId: number; email: Email | null; onClose: () => void }) {
  const { t } = useTranslation();
  const [text, setText] = useState(email?.email ?? '');
  const [main, setMain] = useState(email?.is_main ?? false);
  const body = { email: text.trim(), is_main: main };
  const save = () =>
    email
      ? send(api.PATCH('/clients/{id}/emails/{email_id}', { params: { path: { id: clientId, email_id: email.id } }, body }))
      : send(api.POST('/clients/{id}/emails', { params: { path: { id: clientId } }, body }));
  return (
    <Editor title={t(email ? 'client.edit_email' : 'client.add_email')} onClose={onClose} save={save} ready={/^\S+@\S+\.\S+$/.test(text.trim())} clientId={clientId}>
      <TextInput data-autofocus type="email" label={t('client.email')} value={text} onChange={(event) => setText(event.currentTarget.value)} />
      <Checkbox label={t('client.make_main')} checked={main} onChange={(event) => setMain(event.currentTarget.checked)} />
    </Editor>
  );
}

export function AddressesBlock({ card }: { card: ClientCard }) {
  const { t } = useTranslation();
  const fail = useToastError();
  const refresh = useRefresh(card.id);
  const [editing, setEditing] = useState<Editing<Address>>();
  const remove = useMutation({
    mutationFn: (address: Address) =>
      send(
        api.DELETE('/clients/{id}/addresses/{address_id}', { params: { path: { id: card.id, address_id: address.id } } }),
      ),
    onSuccess: refresh,
    onError: (error) => fail(error),
  });
  return (
    <>
      <Block
        title={t('client.addresses')}
        empty={t('client.no_addresses')}
        items={card.addresses ?? []}
        onEdit={setEditing}
        onDelete={(address) => remove.mutate(address)}
        label={(address) => address.text}
        render={(address) => (
          <div style={{ padding: '6px 0' }}>
            <Text size="sm" fw={500}>
              {[address.city, address.text].filter(Boolean).join(', ')}
            </Text>
            <Text size="xs" c="dimmed">
              {t(`address_kind.${address.kind}`)}
            </Text>
          </div>
        )}
      />
      {editing !== undefined && <AddressEditor clientId={card.id} address={editing} onClose={() => setEditing(undefined)} />}
    </>
  );
}

function AddressEditor({ clientId, address, onClose }: { clientId: number; address: Address | null; onClose: () => void }) {
  const { t } = useTranslation();
  const [kind, setKind] = useState<Address['kind']>(address?.kind ?? 'actual');
  const [city, setCity] = useState(address?.city ?? '');
  const [text, setText] = useState(address?.text ?? '');
  const body = { kind, city: city.trim(), text: text.trim() };
  const save = () =>
    address
      ? send(
          api.PATCH('/clients/{id}/addresses/{address_id}', {
            params: { path: { id: clientId, address_id: address.id } },
            body,
          }),
        )
      : send(api.POST('/clients/{id}/addresses', { params: { path: { id: clientId } }, body }));
  return (
    <Editor title={t(address ? 'client.edit_address' : 'client.add_address')} onClose={onClose} save={save} ready={text.trim() !== ''} clientId={clientId}>
      <Select
        label={t('client.contact_kind')}
        allowDeselect={false}
        value={kind}
        onChange={(value) => setKind(value ?? kind)}
        data={addressKinds.map((value) => ({ value, label: t(`address_kind.${value}`) }))}
      />
      <TextInput label={t('client.city')} value={city} onChange={(event) => setCity(event.currentTarget.value)} />
      <TextInput data-autofocus label={t('client.address')} value={text} onChange={(event) => setText(event.currentTarget.value)} />
    </Editor>
  );
}
