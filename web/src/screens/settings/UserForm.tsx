import { Alert, Button, Drawer, Group, PasswordInput, Select, Stack, Switch, Tabs, TextInput } from '@mantine/core';
import { useForm } from '@mantine/form';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import { api, send } from '@/api/client';
import { isCode } from '@/api/error';
import type { User } from '@/api/types';
import { useLive } from '@/live/store';
import { useErrorText } from '@/parts/errors';
import { Absences } from './hours/Absences';
import { ScheduleForm } from './hours/ScheduleForm';

const roles = ['admin', 'supervisor', 'manager', 'operator', 'agent'] as const;
const MIN_PASSWORD = 8;

/** Adds or edits a user; one that exists has working hours and absences too. */
export function UserForm({ user, onClose }: { user: User | null; onClose: () => void }) {
  const { t } = useTranslation();
  return (
    <Drawer
      opened
      onClose={onClose}
      size={user ? 'lg' : 'md'}
      title={user ? t('users.edit', { name: user.name }) : t('users.add')}
      closeButtonProps={{ 'aria-label': t('action.close') }}
    >
      {user ? (
        <Tabs defaultValue="account">
          <Tabs.List mb="md">
            <Tabs.Tab value="account">{t('users.tab_account')}</Tabs.Tab>
            <Tabs.Tab value="schedule">{t('settings.tab_schedule')}</Tabs.Tab>
          </Tabs.List>
          <Tabs.Panel value="account">
            <AccountForm user={user} onClose={onClose} />
          </Tabs.Panel>
          <Tabs.Panel value="schedule">
            <Stack>
              <Absences userId={user.id} />
              <ScheduleForm userId={user.id} />
            </Stack>
          </Tabs.Panel>
        </Tabs>
      ) : (
        <AccountForm user={user} onClose={onClose} />
      )}
    </Drawer>
  );
}

// The telephone is an endpoint of an exchange.
function AccountForm({ user, onClose }: { user: User | null; onClose: () => void }) {
  const { t } = useTranslation();
  const cache = useQueryClient();
  const errorText = useErrorText();
  const exchanges = useLive((state) => state.pbx);
  const device = user?.devices?.[0];
  const form = useForm({
    initialValues: {
      login: user?.login ?? '',
      name: user?.name ?? '',
      role: user?.role ?? ('operator'),
      password: '',
      extension: user?.extension ?? '',
      pbx: device?.pbx ?? exchanges[0]?.name ?? '',
      endpoint: device?.endpoint ?? '',
      active: user?.active ?? true,
    },
    validate: {
      login: (value) => (value.trim() ? null : t('login.need_login')),
      name: (value) => (value.trim() ? null : t('users.need_name')),
      password: (value) =>
        (user && value === '') || value.length >= MIN_PASSWORD ? null : t('users.short_password', { count: MIN_PASSWORD }),
      endpoint: (value) => (!value.trim() || value.includes('/') ? null : t('users.bad_endpoint')),
    },
  });
  const save = useMutation({
    mutationFn: (values: typeof form.values) => {
      const { login, name, role, password, extension, pbx, endpoint, active } = values;
      // further devices of the user stay as they are
      const others = (user?.devices ?? []).slice(1);
      const devices = endpoint.trim() ? [{ ...device, pbx, endpoint: endpoint.trim() }, ...others] : others;
      const common = { name: name.trim(), role, extension: extension.trim(), devices };
      return user
        ? send(
            api.PATCH('/users/{id}', {
              params: { path: { id: user.id } },
              body: { ...common, active, ...(password && { password }) },
            }),
          )
        : send(api.POST('/users', { body: { ...common, login: login.trim(), password } }));
    },
    onSuccess: () => {
      void cache.invalidateQueries({ queryKey: ['users'] });
      onClose();
    },
    onError: (error) => {
      if (!isCode(error, 'invalid')) return;
      for (const { location, message } of error.fields) {
        const field = location.replace(/^body\./, '');
        if (field in form.values) form.setFieldError(field, message);
      }
    },
  });
  return (
    <form noValidate onSubmit={form.onSubmit((values) => save.mutate(values))}>
      <Stack>
        <TextInput label={t('users.name')} withAsterisk data-autofocus {...form.getInputProps('name')} />
        <TextInput label={t('login.login')} withAsterisk disabled={user !== null} autoComplete="off" {...form.getInputProps('login')} />
        <PasswordInput
          label={t(user ? 'users.new_password' : 'login.password')}
          withAsterisk={!user}
          autoComplete="new-password"
          visibilityToggleButtonProps={{ 'aria-label': t('login.show_password') }}
          {...form.getInputProps('password')}
        />
        <Select
          label={t('users.role')}
          allowDeselect={false}
          data={roles.map((value) => ({ value, label: t(`role.${value}`) }))}
          {...form.getInputProps('role')}
        />
        <TextInput label={t('users.extension')} {...form.getInputProps('extension')} />
        <Group grow align="flex-start">
          <Select
            label={t('settings.tab_pbx')}
            allowDeselect={false}
            data={[...new Set([...exchanges.map((each) => each.name), form.values.pbx].filter(Boolean))]}
            {...form.getInputProps('pbx')}
          />
          <TextInput label={t('users.endpoint')} placeholder="PJSIP/101" {...form.getInputProps('endpoint')} />
        </Group>
        {user && <Switch label={t('users.active')} {...form.getInputProps('active', { type: 'checkbox' })} />}
        {save.error && (
          <Alert color="red" role="alert" p="sm">
            {errorText(save.error)}
          </Alert>
        )}
        <Group justify="flex-end">
          <Button variant="default" onClick={onClose}>
            {t('action.cancel')}
          </Button>
          <Button type="submit" loading={save.isPending}>
            {t('action.save')}
          </Button>
        </Group>
      </Stack>
    </form>
  );
}
