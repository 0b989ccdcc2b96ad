import { Avatar, Menu, Text, UnstyledButton, useMantineColorScheme } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { IconCheck, IconLanguage, IconLogout, IconMoon, IconSun, IconUser } from '@tabler/icons-react';
import { useTranslation } from 'react-i18next';
import { Link } from 'react-router';
import { api, send } from '@/api/client';
import { endSession, useCan, useChangeMe, useMe } from '@/app/session';
import { genderOf, initials } from '@/format/text';
import { switchLanguage, type Language } from '@/i18n';
import { useToastError } from '@/parts/errors';
import { navItems } from './nav';
import { statuses, useStatus } from './useStatus';

const languages: { value: Language; label: string }[] = [
  { value: 'ru', label: 'Русский' },
  { value: 'en', label: 'English' },
];

/** Avatar with the user's own menu; on small screens also status and theme. */
export function Account() {
  const { t, i18n } = useTranslation();
  const me = useMe();
  const can = useCan();
  const cache = useQueryClient();
  const fail = useToastError();
  const change = useChangeMe();
  const { status, setStatus } = useStatus();
  const { colorScheme, setColorScheme } = useMantineColorScheme();
  const logout = useMutation({
    mutationFn: () => send(api.POST('/logout')),
    onSuccess: () => endSession(cache),
    onError: (error) => fail(error),
  });
  const dark = colorScheme === 'dark';
  const check = <IconCheck size={16} aria-hidden />;
  return (
    <Menu position="bottom-end" width={240} withinPortal>
      <Menu.Target>
        <UnstyledButton aria-label={t('account.label', { name: me.name })} style={{ borderRadius: '50%' }}>
          <Avatar size={38} radius="50%" color="indigo" styles={{ placeholder: { fontWeight: 700 } }}>
            {initials(me.name)}
          </Avatar>
        </UnstyledButton>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Label>
          <Text size="sm" fw={600} c="var(--mantine-color-text)">
            {me.name}
          </Text>
          {t(`role.${me.role}`)}
          {me.extension && ` · ${me.extension}`}
        </Menu.Label>
        <Menu.Item component={Link} to="/settings" leftSection={<IconUser size={16} />}>
          {t('account.profile')}
        </Menu.Item>
        <div className="mantine-hidden-from-sm">
          <Menu.Divider />
          {navItems
            .filter((item) => item.wide && (!item.needs || can(item.needs)))
            .map(({ to, label, icon: Glyph }) => (
              <Menu.Item key={to} component={Link} to={to} leftSection={<Glyph size={16} />}>
                {t(label)}
              </Menu.Item>
            ))}
        </div>
        <Menu.Divider />
        <div className="mantine-hidden-from-md">
          <Menu.Label>{t('status.label')}</Menu.Label>
          {statuses.map((value) => (
            <Menu.Item key={value} onClick={() => setStatus(value)} rightSection={status === value && check}>
              {t(`status.${value}`, { context: genderOf(me.name) })}
            </Menu.Item>
          ))}
          <Menu.Item
            leftSection={dark ? <IconSun size={16} /> : <IconMoon size={16} />}
            onClick={() => {
              setColorScheme(dark ? 'light' : 'dark');
              change.mutate({ theme: dark ? 'light' : 'dark' });
            }}
          >
            {t(dark ? 'theme.to_light' : 'theme.to_dark')}
          </Menu.Item>
          <Menu.Divider />
        </div>
        {languages.map(({ value, label }) => (
          <Menu.Item
            key={value}
            lang={value}
            leftSection={<IconLanguage size={16} />}
            rightSection={i18n.language === value && check}
            onClick={() => {
              void switchLanguage(value);
              change.mutate({ locale: value });
            }}
          >
            {label}
          </Menu.Item>
        ))}
        <Menu.Divider />
        <Menu.Item leftSection={<IconLogout size={16} />} onClick={() => logout.mutate()}>
          {t('account.logout')}
        </Menu.Item>
      </Menu.Dropdown>
    </Menu>
  );
}
