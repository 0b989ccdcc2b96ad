import { Radio, SegmentedControl, Select, SimpleGrid, Stack, Switch, Text, useMantineColorScheme } from '@mantine/core';
import { notifications } from '@mantine/notifications';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import { api, send } from '@/api/client';
import type { PopSettings } from '@/api/types';
import { popQuery, useChangePop } from '@/app/popSettings';
import { useChangeMe, useInfo, useMe } from '@/app/session';
import { asLanguage, switchLanguage } from '@/i18n';
import { Section } from '@/parts/Section';
import { Failure, Lines } from '@/parts/States';
import { SaveBar, useDraft } from '@/parts/useDraft';
import { TemplateField, useTemplate } from './link/TemplateField';

const themes = ['auto', 'light', 'dark'] as const;
const modes = ['ring', 'answer', 'never'] as const;
const asMode = (value: string | null) => modes.find((mode) => mode === value) ?? 'ring';

/** The user's own language, theme and how calls show up (PU-07, PU-10). */
export function ProfileTab() {
  const { t, i18n } = useTranslation();
  const me = useMe();
  const info = useInfo();
  const change = useChangeMe();
  const { colorScheme, setColorScheme } = useMantineColorScheme();

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
      <Calls />
      <OwnLink />
    </Stack>
  );
}

/** How the user is told of calls (PU-07). */
function Calls() {
  const { t } = useTranslation();
  const { data: pop, error, refetch } = useQuery(popQuery);
  const set = useChangePop();
  const canNotify = typeof Notification !== 'undefined' && window.isSecureContext;

  const setDesktop = async (wanted: boolean) => {
    if (wanted && (await Notification.requestPermission()) !== 'granted') {
      notifications.show({ color: 'orange', message: t('settings.desktop_refused') });
      return;
    }
    set.mutate({ notify: wanted });
  };

  if (!pop) {
    return <Section title={t('settings.calls')}>{error ? <Failure error={error} onRetry={() => void refetch()} /> : <Lines count={4} />}</Section>;
  }
  return (
    <Section title={t('settings.calls')}>
      <Radio.Group label={t('settings.pop_mode')} value={pop.mode} onChange={(value) => set.mutate({ mode: asMode(value) })}>
        <Stack gap={8} mt={8}>
          {modes.map((value) => (
            <Radio key={value} value={value} label={t(`settings.pop_${value}`)} />
          ))}
        </Stack>
      </Radio.Group>
      <Select
        maw={380}
        allowDeselect={false}
        label={t('settings.open_card')}
        data={modes.map((value) => ({ value, label: t(`settings.open_${value}`) }))}
        value={pop.open_card}
        onChange={(value) => set.mutate({ open_card: asMode(value) })}
      />
      <Switch label={t('settings.sound')} checked={pop.sound} onChange={(event) => set.mutate({ sound: event.currentTarget.checked })} />
      <Switch
        label={t('settings.desktop')}
        description={canNotify ? undefined : t('settings.desktop_insecure')}
        disabled={!canNotify}
        checked={pop.notify && canNotify}
        onChange={(event) => void setDesktop(event.currentTarget.checked)}
      />
    </Section>
  );
}

function OwnLink() {
  const { t } = useTranslation();
  const cache = useQueryClient();
  const draft = useDraft<PopSettings>({
    queryKey: popQuery.queryKey,
    read: (signal) => send(api.GET('/me/settings', { signal })),
    // the other settings may have changed since the draft was begun
    write: async ({ link }) => send(api.PUT('/me/settings', { body: { ...(await cache.ensureQueryData(popQuery)), link: link.trim() } })),
  });
  const { value, change } = draft;
  const state = useTemplate('open', value?.link ?? '', true);
  if (!value) return null;
  return (
    <Section title={t('pop_link.own')} text={t('pop_link.own_text')}>
      <TemplateField mode="open" state={state} label={t('pop_link.template')} value={value.link} onChange={(link) => change({ link })} />
      <SaveBar draft={draft} invalid={state.problem !== null} />
    </Section>
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
