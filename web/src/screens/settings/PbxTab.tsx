import { Anchor, Badge, Group, Text } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { IconPlugConnectedX, IconServer2 } from '@tabler/icons-react';
import { useTranslation } from 'react-i18next';
import { Link } from 'react-router';
import { api, send } from '@/api/client';
import { useCan } from '@/app/session';
import { useFormat } from '@/format/useFormat';
import { useLive } from '@/live/store';
import classes from '@/parts/Screen.module.css';
import { Empty, Failure, Lines } from '@/parts/States';
import { useParam } from '@/parts/useParam';
import { PbxAdmin } from './pbx/PbxAdmin';

/** Each exchange: is it connected, since when, what was the last error. */
export function PbxTab() {
  const { t } = useTranslation();
  const can = useCan();
  const { params } = useParam();
  const format = useFormat();
  const live = useLive((state) => state.pbx);
  const { data, error, refetch } = useQuery({
    queryKey: ['pbx', live],
    queryFn: () => send(api.GET('/pbx')),
    placeholderData: (old) => old,
  });
  const name = params.get('name');
  if (name && can('pbx.manage')) return <PbxAdmin name={name} />;
  if (error) return <Failure error={error} onRetry={() => void refetch()} />;
  if (!data) return <Lines count={2} height={90} />;
  const items = data.items ?? [];
  if (items.length === 0) return <Empty icon={IconPlugConnectedX} title={t('pbx.none')} text={t('pbx.none_text')} />;
  return (
    <div className={classes.tiles} style={{ gridTemplateColumns: 'repeat(auto-fill, minmax(300px, 1fr))' }}>
      {items.map((pbx) => (
        <section key={pbx.name} className={classes.card} aria-label={pbx.name}>
          <Group wrap="nowrap" justify="space-between" mb="xs">
            <Group gap="sm" wrap="nowrap">
              <IconServer2 size={22} stroke={1.6} aria-hidden />
              <Text fw={600}>{pbx.name}</Text>
            </Group>
            <Badge color={pbx.connected ? 'teal' : 'red'}>{t(pbx.connected ? 'pbx.on' : 'pbx.off')}</Badge>
          </Group>
          <Text size="sm" c="dimmed">
            {pbx.since && t(pbx.connected ? 'pbx.since' : 'pbx.lost_since', { time: format.moment(pbx.since) })}
          </Text>
          {pbx.version && (
            <Text size="sm" c="dimmed">
              Asterisk {pbx.version}
            </Text>
          )}
          {can('pbx.manage') && (
            <Anchor component={Link} to={`/settings/pbx?name=${encodeURIComponent(pbx.name)}`} size="sm" mt="xs" display="block">
              {t('pbx_admin.open')}
            </Anchor>
          )}
          {pbx.limits && (
            <Text component="div" size="sm" mt="xs" c="dimmed">
              {t('pbx.limits_title')}
              <ul style={{ margin: 0, paddingInlineStart: 18 }}>
                {pbx.limits.map((limit) => (
                  <li key={limit}>{t(`pbx.limits.${limit}`)}</li>
                ))}
              </ul>
            </Text>
          )}
          {pbx.last_error && (
            <Text size="sm" mt="xs" c={pbx.connected ? 'dimmed' : 'var(--rc-red)'} style={{ overflowWrap: 'anywhere' }}>
              {t('pbx.last_error', { error: pbx.last_error })}
            </Text>
          )}
        </section>
      ))}
    </div>
  );
}
