import { ActionIcon, Button, Group, Menu, Modal, Stack, Text, TextInput } from '@mantine/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { IconDots, IconFolderPlus, IconPencil, IconSortAscendingLetters, IconSortDescendingLetters, IconTrash } from '@tabler/icons-react';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Link } from 'react-router';
import { api, send } from '@/api/client';
import type { Group as ClientGroup } from '@/api/types';
import { useCan } from '@/app/session';
import { useFormat } from '@/format/useFormat';
import { groupsQuery } from '@/parts/clientQueries';
import { useErrorText, useToastError } from '@/parts/errors';
import { Screen } from '@/parts/Screen';
import classes from '@/parts/Screen.module.css';
import { SearchField } from '@/parts/SearchField';
import { Failure, Lines } from '@/parts/States';
import { useParam } from '@/parts/useParam';
import { NewClientButton } from './NewClientButton';

type Dialog = { kind: 'create' } | { kind: 'rename' | 'delete'; group: ClientGroup } | null;

/** Group tiles; «Все клиенты» is always first (GR-09). */
export function Groups() {
  const { t, i18n } = useTranslation();
  const can = useCan();
  const { params, set } = useParam();
  const [dialog, setDialog] = useState<Dialog>(null);
  const groups = useQuery(groupsQuery);
  const down = params.get('sort') === 'desc';
  const collator = new Intl.Collator(i18n.language);
  const all = groups.data?.items.find((group) => group.virtual);
  const items = (groups.data?.items ?? []).filter((group) => !group.virtual).toSorted((a, b) => collator.compare(a.name, b.name) * (down ? -1 : 1));
  const SortIcon = down ? IconSortDescendingLetters : IconSortAscendingLetters;
  return (
    <Screen
      title={t('nav.clients')}
      actions={
        <>
          {can('clients.write') && (
            <Button variant="default" px="sm" leftSection={<IconFolderPlus size={18} />} onClick={() => setDialog({ kind: 'create' })}>
              {t('groups.create')}
            </Button>
          )}
          <NewClientButton />
        </>
      }
      filters={
        <>
          <SearchField value="" label={t('clients.search')} onChange={(q) => q && set({ q }, { replace: false })} />
          <Button
            variant="default"
            leftSection={<SortIcon size={18} />}
            onClick={() => set({ sort: down ? null : 'desc' })}
            ml="auto"
          >
            {t(down ? 'groups.z_a' : 'groups.a_z')}
          </Button>
        </>
      }
    >
      {groups.error ? (
        <Failure error={groups.error} onRetry={() => void groups.refetch()} />
      ) : !groups.data ? (
        <Lines count={3} height={110} />
      ) : (
        <div className={classes.tiles}>
          <Tile to="?group=all" name={t('groups.all')} group={all} />
          {items.map((group) => (
            <Tile key={group.id} to={`?group=${group.id}`} name={group.name} group={group}>
              {can('clients.write') && (
                <Menu position="bottom-end">
                  <Menu.Target>
                    <ActionIcon variant="subtle" color="gray" className={classes.above} aria-label={t('groups.edit', { name: group.name })}>
                      <IconDots size={18} />
                    </ActionIcon>
                  </Menu.Target>
                  <Menu.Dropdown>
                    <Menu.Item leftSection={<IconPencil size={16} />} onClick={() => setDialog({ kind: 'rename', group })}>
                      {t('groups.rename')}
                    </Menu.Item>
                    {can('clients.delete') && (
                      <Menu.Item color="red" leftSection={<IconTrash size={16} />} onClick={() => setDialog({ kind: 'delete', group })}>
                        {t('action.delete')}
                      </Menu.Item>
                    )}
                  </Menu.Dropdown>
                </Menu>
              )}
            </Tile>
          ))}
        </div>
      )}
      {dialog?.kind === 'delete' && <DeleteGroup group={dialog.group} onClose={() => setDialog(null)} />}
      {(dialog?.kind === 'create' || dialog?.kind === 'rename') && (
        <GroupName group={dialog.kind === 'rename' ? dialog.group : undefined} onClose={() => setDialog(null)} />
      )}
    </Screen>
  );
}

interface TileProps {
  to: string;
  name: string;
  group?: ClientGroup;
  children?: React.ReactNode;
}

function Tile({ to, name, group, children }: TileProps) {
  const { t } = useTranslation();
  const format = useFormat();
  return (
    <div className={classes.tile}>
      <Group justify="space-between" wrap="nowrap" align="flex-start" mih={28}>
        <Link to={to} className={`plain-link ${classes.cover}`} style={{ minWidth: 0 }}>
          <Text fw={600} lineClamp={2}>
            {name}
          </Text>
        </Link>
        {children}
      </Group>
      {group && (
        <Text size="sm" c="dimmed" mb="sm">
          {t('groups.count', { count: group.clients, shown: format.number(group.clients) })}
        </Text>
      )}
      {group && (
        <Group gap="xl">
          <div>
            <Text size="xs" c="dimmed">
              {t('client.deal_sum')}
            </Text>
            <Text size="sm" fw={500} className="tabular">
              {format.money(group.deal_sum)}
            </Text>
          </div>
          <div>
            <Text size="xs" c="dimmed">
              {t('client.potential')}
            </Text>
            <Text size="sm" fw={500} className="tabular">
              {group.potential === null ? '—' : format.number(Number(group.potential))}
            </Text>
          </div>
        </Group>
      )}
    </div>
  );
}

function GroupName({ group, onClose }: { group?: ClientGroup; onClose: () => void }) {
  const { t } = useTranslation();
  const cache = useQueryClient();
  const errorText = useErrorText();
  const [name, setName] = useState(group?.name ?? '');
  const save = useMutation<unknown, Error, string>({
    mutationFn: (value) =>
      group
        ? send(api.PATCH('/groups/{id}', { params: { path: { id: group.id } }, body: { name: value } }))
        : send(api.POST('/groups', { body: { name: value } })),
    onSuccess: () => {
      void cache.invalidateQueries({ queryKey: ['groups'] });
      onClose();
    },
  });
  return (
    <Modal opened onClose={onClose} title={t(group ? 'groups.rename' : 'groups.create')} closeButtonProps={{ 'aria-label': t('action.close') }}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          if (name.trim()) save.mutate(name.trim());
        }}
      >
        <Stack>
          <TextInput
            data-autofocus
            label={t('groups.name')}
            value={name}
            error={save.error ? errorText(save.error) : null}
            onChange={(event) => setName(event.currentTarget.value)}
          />
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

function DeleteGroup({ group, onClose }: { group: ClientGroup; onClose: () => void }) {
  const { t } = useTranslation();
  const cache = useQueryClient();
  const fail = useToastError();
  const remove = useMutation({
    mutationFn: () => send(api.DELETE('/groups/{id}', { params: { path: { id: group.id } } })),
    onSuccess: () => {
      void cache.invalidateQueries({ queryKey: ['groups'] });
      void cache.invalidateQueries({ queryKey: ['clients'] });
      onClose();
    },
    onError: (error) => fail(error),
  });
  return (
    <Modal opened onClose={onClose} title={t('groups.delete_title', { name: group.name })} closeButtonProps={{ 'aria-label': t('action.close') }}>
      <Text size="sm" mb="lg">
        {t('groups.delete_text')}
      </Text>
      <Group justify="flex-end">
        <Button variant="default" onClick={onClose}>
          {t('action.cancel')}
        </Button>
        <Button color="red.8" loading={remove.isPending} onClick={() => remove.mutate()}>
          {t('action.delete')}
        </Button>
      </Group>
    </Modal>
  );
}
