import { Divider, Group, RingProgress, Stack, Text, Title } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import { useCan } from '@/app/session';
import { useSummary } from '@/shell/useSummary';
import { DayChart } from './DayChart';
import { TeamList } from './TeamList';
import classes from './Workspace.module.css';

/** Right column: how today goes, and who of the team is free. */
export function Aside() {
  const { t } = useTranslation();
  const can = useCan();
  const scope = can('calls.read_all') ? 'all' : 'mine';
  const { data } = useSummary(scope);
  const answered = data?.today.answered ?? 0;
  const missed = data?.today.missed ?? 0;
  const total = answered + missed;
  const share = total > 0 ? Math.round((answered / total) * 100) : null;
  return (
    <aside className={classes.aside} aria-label={t('aside.label')}>
      <Title order={2} fz={16}>
        {t(scope === 'all' ? 'aside.today_all' : 'aside.today_mine')}
      </Title>
      <Group wrap="nowrap" gap="md" mt="xs">
        <RingProgress
          size={84}
          thickness={8}
          roundCaps
          sections={share === null ? [] : [{ value: share, color: share >= 80 ? 'teal.6' : 'orange.6' }]}
          aria-label={t('aside.share_label', { share: share ?? 0 })}
          label={
            <Text ta="center" size="sm" fw={700}>
              {share === null ? '—' : `${share}%`}
            </Text>
          }
        />
        <Stack gap={2}>
          <Text size="sm">{t('aside.share')}</Text>
          <Text size="xs" c="dimmed">
            {t('aside.missed', { count: missed })}
          </Text>
          <Text size="xs" c={(data?.missed_open ?? 0) > 0 ? 'var(--rc-orange)' : 'dimmed'}>
            {t('aside.missed_open', { count: data?.missed_open ?? 0 })}
          </Text>
        </Stack>
      </Group>
      <DayChart hours={data?.by_hour ?? []} />
      <Divider my="md" />
      <Title order={2} fz={16} mb={6}>
        {t('nav.team')}
      </Title>
      <TeamList />
    </aside>
  );
}
