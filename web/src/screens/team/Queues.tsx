import { Alert, Badge, Button, Group, Text, Title } from '@mantine/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import { api, send } from '@/api/client';
import type { Queue } from '@/api/types';
import { useCan, useMe } from '@/app/session';
import { clock } from '@/format/time';
import { useNow } from '@/format/useNow';
import { useToastError } from '@/parts/errors';
import { presenceColor } from '@/parts/presence';
import { Face } from '@/parts/Face';
import classes from '@/parts/Screen.module.css';
import { Failure, Lines } from '@/parts/States';

/** Who waits, for how long, and who takes the calls (CO-10). */
export function Queues() {
  const { t } = useTranslation();
  const { data, error, refetch } = useQuery({
    queryKey: ['queues'],
    queryFn: ({ signal }) => send(api.GET('/queues', { signal })),
  });
  if (error) return <Failure error={error} onRetry={() => void refetch()} />;
  if (!data) return <Lines count={2} height={120} />;
  const queues = data.items ?? [];
  if (queues.length === 0) return null; // an office without queues needs no panel
  return (
    <section aria-label={t('queue.title')} style={{ marginBottom: 16 }}>
      <Title order={2} fz={16} mb="sm">
        {t('queue.title')}
      </Title>
      <div className={classes.tiles} style={{ gridTemplateColumns: 'repeat(auto-fill, minmax(320px, 1fr))' }}>
      {queues.map((each) => (
        <Card key={`${each.pbx}/${each.name}`} queue={each} />
      ))}
      </div>
    </section>
  );
}

function Card({ queue }: { queue: Queue }) {
  const { t } = useTranslation();
  const now = useNow();
  const members = queue.members ?? [];
  return (
    <section className={classes.card} aria-label={queue.name} style={{ opacity: queue.known ? 1 : 0.65 }}>
      <Group justify="space-between" wrap="nowrap" mb="sm">
        <Text fw={600} fz={16} className="ellipsis">
          {queue.name}
        </Text>
        <Badge size="lg" color={queue.waiting > 0 ? 'orange' : 'gray'}>
          {t('queue.waiting')}: {queue.waiting}
        </Badge>
      </Group>
      {!queue.known && (
        <Alert color="orange" p="xs" mb="sm">
          {t('queue.stale')}
        </Alert>
      )}
      <Text size="sm" c="dimmed" className="tabular" mb="sm">
        {[
          queue.waiting_since && t('queue.longest', { time: clock(now - Date.parse(queue.waiting_since)) }),
          `${t('queue.answered')}: ${queue.answered}`,
          `${t('queue.abandoned')}: ${queue.abandoned}`,
        ]
          .filter(Boolean)
          .join(' · ')}
      </Text>
      {(queue.callers ?? []).map((caller) => (
        <Group key={caller.call_id} justify="space-between" wrap="nowrap" py={3}>
          <Text size="sm" className="ellipsis">
            {caller.client || caller.number}
          </Text>
          <Text size="sm" c="var(--rc-orange)" className="tabular">
            {clock(now - Date.parse(caller.since))}
          </Text>
        </Group>
      ))}
      {members.length === 0 && (
        <Text size="sm" c="dimmed">
          {t('queue.nobody')}
        </Text>
      )}
      {members.map((each) => (
        <Group key={each.device} gap="sm" wrap="nowrap" py={4}>
          <Face name={each.name} size={30} dot={presenceColor[each.state]} />
          <Text size="sm" className="ellipsis" flex={1}>
            {each.name}
          </Text>
          {each.paused && <Badge color="yellow">{each.reason || t('queue.paused')}</Badge>}
          {!each.dynamic && (
            <Text size="xs" c="dimmed">
              {t('queue.static')}
            </Text>
          )}
        </Group>
      ))}
      <Orders queue={queue} />
    </section>
  );
}

type Change = 'login' | 'logout' | 'pause' | 'unpause';

function Orders({ queue }: { queue: Queue }) {
  const { t } = useTranslation();
  const me = useMe();
  const can = useCan();
  const cache = useQueryClient();
  const fail = useToastError();
  const mine = (queue.members ?? []).find((each) => each.user_id === me.id);
  const order = useMutation({
    mutationFn: (change: Change) =>
      send(api.POST(`/queues/{name}/${change}` as '/queues/{name}/pause', { params: { path: { name: queue.name } }, body: { pbx: queue.pbx } })),
    onError: (error) => fail(error),
    onSettled: () => void cache.invalidateQueries({ queryKey: ['queues'] }),
  });
  if (!can('calls.dial') || !queue.known) return null;
  const offers: Change[] = mine ? [mine.paused ? 'unpause' : 'pause', ...(mine.dynamic ? (['logout'] as const) : [])] : ['login'];
  return (
    <Group gap="xs" mt="sm">
      {offers.map((change) => (
        <Button key={change} size="xs" variant="default" loading={order.isPending} onClick={() => order.mutate(change)}>
          {t(`queue.${change}`)}
        </Button>
      ))}
    </Group>
  );
}
