import { Alert, Button, Center, Group, Paper, PasswordInput, SegmentedControl, Stack, Text, TextInput, Title } from '@mantine/core';
import { useForm } from '@mantine/form';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import { api, send } from '@/api/client';
import { isCode } from '@/api/error';
import { meQuery, useInfo } from '@/app/session';
import { asLanguage, switchLanguage } from '@/i18n';
import { useErrorText } from '@/parts/errors';
import { Logo } from '@/shell/Logo';

export function Login() {
  const { t, i18n } = useTranslation();
  const cache = useQueryClient();
  const info = useInfo();
  const errorText = useErrorText();
  const form = useForm({
    initialValues: { login: '', password: '' },
    validate: {
      login: (value) => (value.trim() ? null : t('login.need_login')),
      password: (value) => (value ? null : t('login.need_password')),
    },
  });
  const login = useMutation({
    mutationFn: (body: { login: string; password: string }) => send(api.POST('/login', { body })),
    onSuccess: (me) => cache.setQueryData(meQuery.queryKey, me),
  });
  return (
    <Center mih="100dvh" p="md" component="main">
      <Stack w="100%" maw={380} gap="lg">
        <Group gap="sm" justify="center">
          <Logo />
          <Title order={1} fz={24}>
            Ringcard
          </Title>
        </Group>
        <Paper p="xl" shadow="sm">
          <form
            noValidate
            onSubmit={form.onSubmit(({ login: name, password }) => login.mutate({ login: name.trim(), password }))}
          >
            <Stack>
              <TextInput
                label={t('login.login')}
                autoComplete="username"
                autoCapitalize="none"
                autoFocus
                {...form.getInputProps('login')}
              />
              <PasswordInput
                label={t('login.password')}
                autoComplete="current-password"
                visibilityToggleButtonProps={{ 'aria-label': t('login.show_password') }}
                {...form.getInputProps('password')}
              />
              {login.error && (
                <Alert color="red" role="alert" p="sm">
                  {isCode(login.error, 'unauthorized') ? t('login.wrong') : errorText(login.error)}
                </Alert>
              )}
              <Button type="submit" loading={login.isPending} fullWidth>
                {t('login.submit')}
              </Button>
            </Stack>
          </form>
        </Paper>
        <Group justify="space-between">
          <SegmentedControl
            size="xs"
            aria-label={t('settings.language')}
            value={i18n.language}
            onChange={(value) => void switchLanguage(asLanguage(value) ?? 'ru')}
            data={[
              { value: 'ru', label: 'Русский' },
              { value: 'en', label: 'English' },
            ]}
          />
          <Text size="xs" c="dimmed">
            {info.version && t('login.version', { version: info.version })}
          </Text>
        </Group>
      </Stack>
    </Center>
  );
}
