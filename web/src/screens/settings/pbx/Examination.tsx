import { Badge, Button, Code, Group, Stack, Text } from '@mantine/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { IconStethoscope } from '@tabler/icons-react';
import { useTranslation } from 'react-i18next';
import { api, send } from '@/api/client';
import type { Finding } from '@/api/types';
import { useFormat } from '@/format/useFormat';
import { useToastError } from '@/parts/errors';
import classes from '@/parts/Screen.module.css';
import { Empty, Failure, Lines } from '@/parts/States';
import { findingText } from './finding';

const colors: Record<Finding['level'], string> = { ok: 'teal', skip: 'gray', warn: 'yellow', fail: 'red' };
const weight: Record<Finding['level'], number> = { fail: 0, warn: 1, skip: 2, ok: 3 };

/** The doctor's findings, the worst first, each with what to change (PB-08). */
export function Examination({ pbx }: { pbx: string }) {
  const { t } = useTranslation();
  const format = useFormat();
  const cache = useQueryClient();
  const fail = useToastError();
  const path = { params: { path: { pbx } } };
  const queryKey = ['pbx', 'doctor', pbx];
  const { data, error, refetch } = useQuery({
    queryKey,
    queryFn: ({ signal }) => send(api.GET('/pbx/{pbx}/doctor', { ...path, signal })),
    refetchInterval: ({ state }) => (state.data?.running ? 700 : false),
  });
  const begin = useMutation({
    mutationFn: () => send(api.POST('/pbx/{pbx}/doctor', path)),
    onSuccess: () => void cache.invalidateQueries({ queryKey }),
    onError: (problem) => fail(problem),
  });
  if (error) return <Failure error={error} onRetry={() => void refetch()} />;
  if (!data) return <Lines count={4} />;
  const button = (
    <Button leftSection={<IconStethoscope size={17} />} loading={begin.isPending || data.running} onClick={() => begin.mutate()}>
      {t('pbx_admin.examine')}
    </Button>
  );
  if (!data.started_at) {
    return (
      <Empty icon={IconStethoscope} title={t('pbx_admin.never')} text={t('pbx_admin.never_text')}>
        {button}
      </Empty>
    );
  }
  const findings = (data.findings ?? []).toSorted((a, b) => weight[a.level] - weight[b.level]);
  return (
    <Stack>
      <Group>
        {button}
        <Text size="sm" c="dimmed" role="status">
          {data.running ? t('pbx_admin.examining', { what: data.checking ?? '' }) : format.moment(data.ended_at)}
        </Text>
      </Group>
      <div className={classes.card}>
        {findings.map((each, index) => (
          <Line key={`${each.id}-${index}`} finding={each} />
        ))}
      </div>
    </Stack>
  );
}

function Line({ finding }: { finding: Finding }) {
  const { t } = useTranslation();
  const { check, seen, change, error } = findingText(t, finding);
  return (
    <Group align="flex-start" wrap="nowrap" gap="md" py={8}>
      <Badge color={colors[finding.level]} c={finding.level === 'warn' ? 'var(--rc-yellow)' : undefined} miw={104} flex="none">
        {t(`pbx_admin.level.${finding.level}`)}
      </Badge>
      <div style={{ minWidth: 0, flex: 1 }}>
        <Text size="sm" fw={finding.level === 'ok' ? 400 : 600}>
          {check}
        </Text>
        <Text size="sm" c="dimmed" style={{ overflowWrap: 'anywhere' }}>
          {seen}
        </Text>
        {error && (
          <Text size="xs" c="dimmed" style={{ overflowWrap: 'anywhere' }}>
            {error}
          </Text>
        )}
        {change && (
          <>
            <Text size="xs" fw={600} mt={4}>
              {t('pbx_admin.change')}
            </Text>
            {change.includes('\n') ? (
              <Code block style={{ whiteSpace: 'pre-wrap' }}>
                {change}
              </Code>
            ) : (
              <Text size="sm">{change}</Text>
            )}
          </>
        )}
      </div>
    </Group>
  );
}
