import { Select, Tabs } from '@mantine/core';
import { IconCalendarOff, IconChecklist, IconClockHour9, IconExternalLink, IconHash, IconPlugConnected, IconUser, IconUsers } from '@tabler/icons-react';
import { useTranslation } from 'react-i18next';
import { useNavigate, useParams } from 'react-router';
import { useCan } from '@/app/session';
import { Screen } from '@/parts/Screen';
import { useNarrow } from '@/parts/useNarrow';
import { HoursTab } from './hours/HoursTab';
import { ScheduleTab } from './hours/ScheduleTab';
import { LinkTab } from './link/LinkTab';
import { NumberTab } from './NumberTab';
import { PbxTab } from './PbxTab';
import { ProfileTab } from './ProfileTab';
import { ResultsTab } from './ResultsTab';
import { UsersTab } from './UsersTab';

export function SettingsPage() {
  const { t } = useTranslation();
  const can = useCan();
  const navigate = useNavigate();
  const { tab } = useParams();
  const narrow = useNarrow();
  const tabs = [
    { value: 'profile', icon: IconUser, shown: true },
    { value: 'schedule', icon: IconCalendarOff, shown: true },
    { value: 'users', icon: IconUsers, shown: can('users.manage') },
    { value: 'hours', icon: IconClockHour9, shown: can('settings.manage') },
    { value: 'results', icon: IconChecklist, shown: can('settings.manage') },
    { value: 'link', icon: IconExternalLink, shown: can('settings.manage') },
    { value: 'pbx', icon: IconPlugConnected, shown: true },
    { value: 'number', icon: IconHash, shown: can('clients.read') },
  ] as const;
  const shown = tabs.filter((each) => each.shown);
  const current = shown.find((each) => each.value === tab)?.value ?? 'profile';
  const open = (value: string | null) => void navigate(`/settings/${value}`, { replace: true });
  return (
    <Screen title={t('nav.settings')}>
      <Tabs value={current} keepMounted={false} onChange={open}>
        {narrow ? (
          <Select
            mb="md"
            allowDeselect={false}
            aria-label={t('nav.settings')}
            value={current}
            data={shown.map(({ value }) => ({ value, label: t(`settings.tab_${value}`) }))}
            onChange={open}
          />
        ) : (
          <Tabs.List mb="md" style={{ flexWrap: 'nowrap', overflowX: 'auto' }}>
            {shown.map(({ value, icon: Glyph }) => (
              <Tabs.Tab key={value} value={value} leftSection={<Glyph size={16} aria-hidden />} style={{ flex: 'none' }}>
                {t(`settings.tab_${value}`)}
              </Tabs.Tab>
            ))}
          </Tabs.List>
        )}
        <Tabs.Panel value="profile">
          <ProfileTab />
        </Tabs.Panel>
        <Tabs.Panel value="schedule">
          <ScheduleTab />
        </Tabs.Panel>
        <Tabs.Panel value="hours">
          <HoursTab />
        </Tabs.Panel>
        <Tabs.Panel value="link">
          <LinkTab />
        </Tabs.Panel>
        <Tabs.Panel value="users">
          <UsersTab />
        </Tabs.Panel>
        <Tabs.Panel value="results">
          <ResultsTab />
        </Tabs.Panel>
        <Tabs.Panel value="number">
          <NumberTab />
        </Tabs.Panel>
        <Tabs.Panel value="pbx">
          <PbxTab />
        </Tabs.Panel>
      </Tabs>
    </Screen>
  );
}
