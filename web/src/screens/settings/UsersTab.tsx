import { Badge, Button, Group, ScrollArea, Table, Text } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { IconPlus } from '@tabler/icons-react';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { api, send } from '@/api/client';
import type { User } from '@/api/types';
import { Face } from '@/parts/Face';
import classes from '@/parts/Screen.module.css';
import { Failure, Lines } from '@/parts/States';
import { UserForm } from './UserForm';

/** Users with their roles and telephones; for administrators. */
export function UsersTab() {
  const { t } = useTranslation();
  const [editing, setEditing] = useState<User | null | undefined>();
  const { data, error, refetch } = useQuery({ queryKey: ['users', 'all'], queryFn: () => send(api.GET('/users')) });
  return (
    <div className={classes.card}>
      <Group justify="space-between" mb="sm">
        <Text size="sm" c="dimmed">
          {t('users.text')}
        </Text>
        <Button size="sm" leftSection={<IconPlus size={16} />} onClick={() => setEditing(null)}>
          {t('users.add')}
        </Button>
      </Group>
      {error ? (
        <Failure error={error} onRetry={() => void refetch()} />
      ) : !data ? (
        <Lines />
      ) : (
        <ScrollArea>
          <Table highlightOnHover verticalSpacing="sm" miw={640}>
            <Table.Thead>
              <Table.Tr>
                <Table.Th>{t('users.name')}</Table.Th>
                <Table.Th>{t('login.login')}</Table.Th>
                <Table.Th>{t('users.role')}</Table.Th>
                <Table.Th>{t('users.extension')}</Table.Th>
                <Table.Th>{t('users.devices')}</Table.Th>
                <Table.Th />
              </Table.Tr>
            </Table.Thead>
            <Table.Tbody>
              {(data.items ?? []).map((user) => (
                <Table.Tr key={user.id} style={{ opacity: user.active ? 1 : 0.6 }}>
                  <Table.Td>
                    <Group gap="sm" wrap="nowrap">
                      <Face name={user.name} size={30} />
                      <Text size="sm" fw={500}>
                        {user.name}
                      </Text>
                      {!user.active && <Badge color="gray">{t('users.inactive')}</Badge>}
                    </Group>
                  </Table.Td>
                  <Table.Td>{user.login}</Table.Td>
                  <Table.Td>{t(`role.${user.role}`)}</Table.Td>
                  <Table.Td className="tabular">{user.extension || '—'}</Table.Td>
                  <Table.Td>{(user.devices ?? []).map((device) => device.endpoint).join(', ') || '—'}</Table.Td>
                  <Table.Td ta="right">
                    <Button
                      size="compact-sm"
                      variant="subtle"
                      aria-label={t('users.edit', { name: user.name })}
                      onClick={() => setEditing(user)}
                    >
                      {t('action.edit')}
                    </Button>
                  </Table.Td>
                </Table.Tr>
              ))}
            </Table.Tbody>
          </Table>
        </ScrollArea>
      )}
      {editing !== undefined && <UserForm key={editing?.id ?? 'new'} user={editing} onClose={() => setEditing(undefined)} />}
    </div>
  );
}
