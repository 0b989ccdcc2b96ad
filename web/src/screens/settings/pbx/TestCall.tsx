import { Badge, Button, Code, Group, Stack, Text, TextInput, Timeline } from '@mantine/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { IconPhoneRinging } from '@tabler/icons-react';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { api, send } from '@/api/client';
import { isCode } from '@/api/error';
import type { TestCallResult } from '@/api/types';
import { useToastError } from '@/parts/errors';
import classes from '@/parts/Screen.module.css';

const colors: Record<TestCallResult['state'], string> = { running: 'indigo', passed: 'teal', slow: 'yellow', failed: 'red' };
const dots = { waiting: 'gray', ok: 'teal', slow: 'yellow', failed: 'red' } as const;

/** Rings the own telephone and shows when each step of the way was done (PB-11). */
export function TestCall({ pbx }: { pbx: string }) {
  const { t } = useTranslation();
  const cache = useQueryClient();
  const fail = useToastError();
  const [number, setNumber] = useState('');
  const path = { params: { path: { pbx } } };
  const queryKey = ['pbx', 'test', pbx];
  const { data } = useQuery({
    queryKey,
    queryFn: async ({ signal }) => {
      try {
        return await send(api.GET('/pbx/{pbx}/test-call', { ...path, signal }));
      } catch (error) {
        if (isCode(error, 'not_found')) return null; // there was none yet
        throw error;
      }
    },
    refetchInterval: ({ state }) => (state.data?.state === 'running' ? 400 : false),
  });
  const start = useMutation({
    mutationFn: () => send(api.POST('/pbx/{pbx}/test-call', { ...path, body: { number: number.trim() || undefined } })),
    onSuccess: () => void cache.invalidateQueries({ queryKey }),
    onError: (error) => fail(error),
  });
  const running = data?.state === 'running';
  return (
    <Stack maw={640}>
      <Text size="sm">{t('pbx_admin.test_text')}</Text>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          start.mutate();
        }}
      >
        <Group align="flex-end">
          <TextInput
            flex={1}
            label={t('pbx_admin.test_number')}
            placeholder={t('pbx_admin.test_hint')}
            value={number}
            onChange={(event) => setNumber(event.currentTarget.value)}
          />
          <Button type="submit" leftSection={<IconPhoneRinging size={17} />} loading={start.isPending || running}>
            {t(running ? 'pbx_admin.test_running' : 'pbx_admin.test_start')}
          </Button>
        </Group>
      </form>
      {data && (
        <div className={classes.card} role="status">
          <Group justify="space-between" mb="md">
            <Text fw={600} className="tabular">
              {data.device} · {data.number}
            </Text>
            <Badge color={colors[data.state]}>{t(`pbx_admin.test_state.${data.state}`)}</Badge>
          </Group>
          <Timeline bulletSize={14} lineWidth={2} active={(data.steps ?? []).filter((step) => step.state !== 'waiting').length - 1}>
            {(data.steps ?? []).map((step) => (
              <Timeline.Item key={step.step} color={dots[step.state]} title={t(`pbx_admin.step.${step.step}`)}>
                <Text size="sm" c="dimmed" className="tabular">
                  {[step.state !== 'waiting' && t('pbx_admin.ms', { ms: step.ms }), step.seen].filter(Boolean).join(' · ')}
                </Text>
                {step.advice && (
                  <Code block style={{ whiteSpace: 'pre-wrap' }}>
                    {step.advice}
                  </Code>
                )}
              </Timeline.Item>
            ))}
          </Timeline>
        </div>
      )}
    </Stack>
  );
}
