import { Radio, SegmentedControl, Select, SimpleGrid, Stack, Switch, Text, Title, useMantineColorScheme } from '@mantine/core';
import { notifications } from '@mantine/notifications';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { settingsOf, useChangeMe, useInfo, useMe } from '@/app/session';
import { asLanguage, switchLanguage } from '@/i18n';
import classes from '@/parts/Screen.module.css';

const themes = ['auto', 'light', 'dark'] as const;
const modes = ['ring', 'answer', 'never'] as const;

/** The user's own language, theme and how calls show up (PU-07). */
export function ProfileTab() {
  const { t, i18n } = useTranslation();
  const me = useMe();
  const info = useInfo();
  const change = useChangeMe();
  const { colorScheme, setColorScheme } = useMantineColorScheme();
  const settings = settingsOf(me);
  const canNotify = typeof Notification !== 'undefined' && window.isSecureContext;

  const setDesktop = async (wanted: boolean) => {
    if (wanted && (await Notification.requestPermission()) !== 'granted') {
      notifications.show({ color: 'orange', message: t('settings.desktop_refused') });
      return;
    }
    change.mutate({ settings: { desktop: wanted } });
  };

  return (
    <Stack maw={960}>
      <SimpleGrid cols={{ base: 1, md: 2 }}>
        <Section title={t('settings.me')}>
          <Line label={t('login.login')} value={me.login} />
          <Line label={t('users.name')} value={me.name} />
          <Line label={t('users.role')} value={t(`role.${me.role}`)} />
          <Line label={t('users.extension')} value={me.extension || '—'} />
          <Line label={t('users.devices')} value={(me.devices ?? []).map((device) => device.endpoint).join(', ') || '—'} />
        </Section>
        <Section title={t('settings.look')}>
          <Select
            label={t('settings.language')}
            allowDeselect={false}
            value={i18n.language}
            data={[
              { value: 'ru', label: 'Русский' },
              { value: 'en', label: 'English' },
            ]}
            onChange={(value) => {
              const language = asLanguage(value);
              if (!language) return;
              void switchLanguage(language);
              change.mutate({ locale: language });
            }}
          />
          <div>
            <Text size="sm" fw={500} mb={4}>
              {t('theme.label')}
            </Text>
            <SegmentedControl
              fullWidth
              aria-label={t('theme.label')}
              value={colorScheme}
              data={themes.map((value) => ({ value, label: t(`theme.${value}`) }))}
              onChange={(value) => {
                const theme = themes.find((each) => each === value) ?? 'auto';
                setColorScheme(theme);
                change.mutate({ theme });
              }}
            />
          </div>
          <Text size="xs" c="dimmed">
            {t('settings.zone', { zone: info.time_zone, version: info.version || '—' })}
          </Text>
        </Section>
      </SimpleGrid>
      <Section title={t('settings.calls')}>
        <Radio.Group
          label={t('settings.pop_mode')}
          value={settings.pop_mode}
          onChange={(value) => change.mutate({ settings: { pop_mode: modes.find((mode) => mode === value) ?? 'ring' } })}
        >
          <Stack gap={8} mt={8}>
            {modes.map((value) => (
              <Radio key={value} value={value} label={t(`settings.pop_${value}`)} />
            ))}
          </Stack>
        </Radio.Group>
        <Switch
          label={t('settings.sound')}
          checked={settings.sound}
          onChange={(event) => change.mutate({ settings: { sound: event.currentTarget.checked } })}
        />
        <Switch
          label={t('settings.auto_open')}
          checked={settings.auto_open}
          onChange={(event) => change.mutate({ settings: { auto_open: event.currentTarget.checked } })}
        />
        <Switch
          label={t('settings.desktop')}
          description={canNotify ? undefined : t('settings.desktop_insecure')}
          disabled={!canNotify}
          checked={settings.desktop && canNotify}
          onChange={(event) => void setDesktop(event.currentTarget.checked)}
        />
      </Section>
    </Stack>
  );
}

function Section({ title, children }: { title: string; children: ReactNode }) {
  return (
    <section className={classes.card} aria-label={title}>
      <Title order={2} fz={16} mb="md">
        {title}
      </Title>
      <Stack gap="md">{children}</Stack>
    </section>
  );
}

function Line({ label, value }: { label: string; value: string }) {
  return (
    <div>
      <Text size="xs" c="dimmed">
        {label}
      </Text>
      <Text size="sm" fw={500}>
        {value}
      </Text>
    </div>
  );
}
