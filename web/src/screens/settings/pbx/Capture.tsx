import { Anchor, Badge, Button, Code, Group, List, Stack, Text } from '@mantine/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { IconDownload, IconPlayerRecord, IconPlayerStop } from '@tabler/icons-react';
import { useTranslation } from 'react-i18next';
import { Link } from 'react-router';
import { api, send } from '@/api/client';
import { clock } from '@/format/time';
import { useFormat } from '@/format/useFormat';
import { useToastError } from '@/parts/errors';
import { Section } from '@/parts/Section';
import classes from '@/parts/Screen.module.css';
import { Failure, Lines } from '@/parts/States';

const MB = 1 << 20;

/** What the PBX sends, kept for a while and exported without numbers, names and secrets (PB-13). */
export function Capture({ pbx }: { pbx: string }) {
  const { t } = useTranslation();
  const format = useFormat();
  const cache = useQueryClient();
  const fail = useToastError();
  const path = { params: { path: { pbx } } };
  const queryKey = ['pbx', 'capture', pbx];
  const { data, error, refetch } = useQuery({
    queryKey,
    queryFn: ({ signal }) => send(api.GET('/pbx/{pbx}/capture', { ...path, signal })),
    refetchInterval: ({ state }) => (state.data?.running ? 1000 : false),
  });
  const set = useMutation({
    mutationFn: (running: boolean) => send(api.PUT('/pbx/{pbx}/capture', { ...path, body: { running } })),
    onSuccess: (status) => cache.setQueryData(queryKey, status),
    onError: (problem) => fail(problem),
  });
  if (error) return <Failure error={error} onRetry={() => void refetch()} />;
  if (!data) return <Lines count={3} />;
  const size = data.bytes >= MB ? t('capture.mb', { size: format.number(data.bytes / MB) }) : t('capture.kb', { size: format.number(Math.ceil(data.bytes / 1024)) });
  const age = data.since && data.until ? clock(Date.parse(data.until) - Date.parse(data.since)) : null;
  return (
    <Stack maw={760}>
      <Section title={t('capture.title')} text={t('capture.text')}>
        <Group gap="sm">
          {data.running ? (
            <Button color="red.8" leftSection={<IconPlayerStop size={17} />} loading={set.isPending} onClick={() => set.mutate(false)}>
              {t('capture.stop')}
            </Button>
          ) : (
            <Button leftSection={<IconPlayerRecord size={17} />} loading={set.isPending} onClick={() => set.mutate(true)}>
              {t('capture.start')}
            </Button>
          )}
          {data.frames > 0 && (
            <Button component="a" variant="default" leftSection={<IconDownload size={16} />} href={`/api/v1/pbx/${encodeURIComponent(pbx)}/capture/export`} download>
              {t('capture.export')}
            </Button>
          )}
        </Group>
        <div className={classes.card} role="status">
          <Group justify="space-between" mb={data.frames > 0 ? 'sm' : 0}>
            <Text size="sm">{t(data.running ? 'capture.running' : data.frames > 0 ? 'capture.stopped' : 'capture.none')}</Text>
            <Badge color={data.running ? 'red' : 'gray'}>{t(data.running ? 'capture.on' : 'capture.off')}</Badge>
          </Group>
          {data.frames > 0 && (
            <Group gap="xl" className="tabular">
              <Figure label={t('capture.frames')} value={format.number(data.frames)} />
              <Figure label={t('capture.size')} value={size} />
              {age && <Figure label={t('capture.age')} value={age} />}
              {data.since && <Figure label={t('capture.since')} value={format.moment(data.since)} />}
              {data.dropped > 0 && <Figure label={t('capture.dropped')} value={format.number(data.dropped)} />}
            </Group>
          )}
        </div>
        {!data.running && data.frames > 0 && (
          <Text size="sm" c="dimmed">
            {t('capture.again')}
          </Text>
        )}
      </Section>
      <Section title={t('capture.redacted')}>
        <List size="sm" spacing={4}>
          {(['numbers', 'names', 'secrets', 'unknown'] as const).map((each) => (
            <List.Item key={each}>{t(`capture.no_${each}`)}</List.Item>
          ))}
        </List>
        <div>
          <Text size="sm" mb={4}>
            {t('capture.replay')}
          </Text>
          <Code block>ringcard replay {pbx}.capture</Code>
        </div>
        <Text size="sm">
          {t('capture.why')}{' '}
          <Anchor component={Link} to="/calls" size="sm">
            {t('capture.to_calls')}
          </Anchor>
        </Text>
      </Section>
    </Stack>
  );
}

function Figure({ label, value }: { label: string; value: string }) {
  return (
    <div>
      <Text size="xs" c="dimmed">
        {label}
      </Text>
      <Text size="sm" fw={600}>
        {value}
      </Text>
    </div>
  );
}
