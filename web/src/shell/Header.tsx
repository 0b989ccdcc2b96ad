import { ActionIcon, Group, Kbd, SegmentedControl, Tooltip, UnstyledButton, useComputedColorScheme, useMantineColorScheme } from '@mantine/core';
import { IconMoon, IconSearch, IconSun } from '@tabler/icons-react';
import { useTranslation } from 'react-i18next';
import { Link } from 'react-router';
import { useChangeMe, useMe } from '@/app/session';
import { genderOf } from '@/format/text';
import { Account } from './Account';
import { Logo } from './Logo';
import { PhonePill } from './PhonePill';
import classes from './Shell.module.css';
import { statuses, useStatus } from './useStatus';

export function Header({ onFind, narrow }: { onFind: () => void; narrow: boolean }) {
  const { t } = useTranslation();
  const me = useMe();
  const { status, setStatus } = useStatus();
  return (
    <Group h="100%" px="md" gap="sm" wrap="nowrap" justify="space-between">
      <Link to="/" className={classes.brand} aria-label="Ringcard">
        <Logo />
        {!narrow && 'Ringcard'}
      </Link>
      {narrow && <PhonePill />}
      {!narrow && (
        <Group flex={1} justify="center" px="md">
          <UnstyledButton className={classes.search} onClick={onFind}>
            <IconSearch size={17} aria-hidden />
            <span className="ellipsis">{t('find.hint')}</span>
            <Kbd size="xs">Ctrl K</Kbd>
          </UnstyledButton>
        </Group>
      )}
      <Group gap="sm" wrap="nowrap">
        {narrow ? (
          <ActionIcon variant="default" size="lg" onClick={onFind} aria-label={t('find.hint')}>
            <IconSearch size={18} />
          </ActionIcon>
        ) : (
          <>
            <PhonePill />
            <SegmentedControl
              size="xs"
              aria-label={t('status.label')}
              value={status}
              onChange={setStatus}
              data={statuses.map((value) => ({ value, label: t(`status.${value}`, { context: genderOf(me.name) }) }))}
              visibleFrom="md"
            />
            <ThemeToggle />
          </>
        )}
        <Account />
      </Group>
    </Group>
  );
}

function ThemeToggle() {
  const { t } = useTranslation();
  const { setColorScheme } = useMantineColorScheme();
  const scheme = useComputedColorScheme('light', { getInitialValueInEffect: false });
  const change = useChangeMe();
  const next = scheme === 'dark' ? 'light' : 'dark';
  const label = t(next === 'dark' ? 'theme.to_dark' : 'theme.to_light');
  return (
    <Tooltip label={label}>
      <ActionIcon
        variant="default"
        size={34}
        aria-label={label}
        onClick={() => {
          setColorScheme(next);
          change.mutate({ theme: next });
        }}
      >
        {next === 'dark' ? <IconMoon size={18} /> : <IconSun size={18} />}
      </ActionIcon>
    </Tooltip>
  );
}
