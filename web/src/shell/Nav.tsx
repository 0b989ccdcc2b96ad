import { Badge, Divider, Group, Stack, Text } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import { NavLink } from 'react-router';
import { useCan } from '@/app/session';
import { minutes } from '@/format/time';
import { navItems } from './nav';
import classes from './Shell.module.css';
import { useSummary } from './useSummary';

/** Left column: screens, and today's figures at the bottom. */
export function Nav() {
  const { t } = useTranslation();
  const { data } = useSummary();
  const can = useCan();
  const items = navItems.filter((item) => !item.needs || can(item.needs));
  const missed = data?.missed_open ?? 0;
  return (
    <>
      <Stack component="nav" gap={4} aria-label={t('nav.label')} flex={1}>
        {items.map(({ to, label, icon: Glyph }) => (
          <NavLink key={to} to={to} end={to === '/'} className={classes.navlink}>
            <Glyph size={20} stroke={1.8} aria-hidden />
            <Text span inherit flex={1}>
              {t(label)}
            </Text>
            {to === '/missed' && missed > 0 && (
              <Badge color="red.8" variant="filled" size="sm" aria-label={t('nav.missed', { count: missed })}>
                {missed}
              </Badge>
            )}
          </NavLink>
        ))}
      </Stack>
      <Divider mb="xs" />
      <Stack gap={4} px={4} pb={4}>
        <Text size="xs" c="dimmed">
          {t('nav.today')}
        </Text>
        <Figure label={t('nav.answered')} value={data ? String(data.today.answered) : '—'} />
        <Figure label={t('nav.average')} value={data ? minutes(data.today.avg_talk_ms) : '—'} />
      </Stack>
    </>
  );
}

function Figure({ label, value }: { label: string; value: string }) {
  return (
    <Group justify="space-between" wrap="nowrap">
      <Text size="sm">{label}</Text>
      <Text size="sm" fw={600} className="tabular">
        {value}
      </Text>
    </Group>
  );
}
