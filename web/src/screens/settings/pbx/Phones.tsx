import { Alert, Badge, Button, Code, FileButton, Group, Select, Stack, Table, Text, Title } from '@mantine/core';
import { notifications } from '@mantine/notifications';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { IconDownload, IconUpload } from '@tabler/icons-react';
import { useTranslation } from 'react-i18next';
import { api, send } from '@/api/client';
import type { Body, Discovery, Mapped } from '@/api/types';
import { usersQuery } from '@/parts/clientQueries';
import { useToastError } from '@/parts/errors';
import classes from '@/parts/Screen.module.css';
import { Failure, Lines } from '@/parts/States';

type Rows = Body<'/pbx/{pbx}/mapping', 'post'>['rows'];

/** The PBX's telephones and whose each is, by click or by file (PB-10). */
export function Phones({ pbx }: { pbx: string }) {
  const { t } = useTranslation();
  const cache = useQueryClient();
  const fail = useToastError();
  const path = { params: { path: { pbx } } };
  const { data, error, refetch } = useQuery({
    queryKey: ['pbx', 'discovery', pbx],
    queryFn: ({ signal }) => send(api.GET('/pbx/{pbx}/discovery', { ...path, signal })),
  });
  const users = useQuery(usersQuery);
  const done = (result: Mapped) => {
    void cache.invalidateQueries({ queryKey: ['pbx', 'discovery', pbx] });
    void cache.invalidateQueries({ queryKey: ['users'] });
    if ((result.errors ?? []).length === 0) {
      notifications.show({ message: t('pbx_admin.csv_done', { count: (result.changes ?? []).length }) });
    }
  };
  const map = useMutation({
    mutationFn: (rows: Rows) => send(api.POST('/pbx/{pbx}/mapping', { ...path, body: { rows } })),
    onSuccess: done,
    onError: (problem) => fail(problem),
  });
  const upload = useMutation({
    mutationFn: async (file: File) => {
      const body = await file.text();
      return send(
        api.POST('/pbx/{pbx}/mapping.csv', {
          ...path,
          body,
          bodySerializer: (text) => text,
          headers: { 'Content-Type': 'text/csv' },
        }),
      );
    },
    onSuccess: done,
    onError: (problem) => fail(problem),
  });
  if (error) return <Failure error={error} onRetry={() => void refetch()} />;
  if (!data) return <Lines count={6} />;
  const endpoints = data.endpoints ?? [];
  const suggested = endpoints.filter((each) => each.suggestion && !each.user_id);
  const faults = [...(upload.data?.errors ?? []), ...(map.data?.errors ?? [])];
  return (
    <Stack>
      <Group gap="xs">
        {suggested.length > 0 && (
          <Button
            loading={map.isPending}
            onClick={() => map.mutate(suggested.map((each) => ({ endpoint: each.endpoint, user_id: each.suggestion?.user_id })))}
          >
            {t('pbx_admin.accept')} ({suggested.length})
          </Button>
        )}
        <Button component="a" variant="default" leftSection={<IconDownload size={16} />} href={`/api/v1/pbx/${encodeURIComponent(pbx)}/mapping.csv`} download>
          {t('pbx_admin.csv_get')}
        </Button>
        <FileButton accept=".csv,text/csv" onChange={(file) => file && upload.mutate(file)}>
          {(props) => (
            <Button {...props} variant="default" loading={upload.isPending} leftSection={<IconUpload size={16} />}>
              {t('pbx_admin.csv_put')}
            </Button>
          )}
        </FileButton>
      </Group>
      {faults.length > 0 && (
        <Alert color="red" title={t('pbx_admin.csv_errors')}>
          {faults.map((each, index) => (
            <Text key={index} size="sm">
              {t('pbx_admin.csv_line', { line: each.line, field: each.field, message: each.message })}
            </Text>
          ))}
        </Alert>
      )}
      {data.trunk_line && (
        <Alert color="yellow" title={t('pbx_admin.trunk_line')}>
          <Code block>{data.trunk_line}</Code>
        </Alert>
      )}
      <div className={classes.card} style={{ overflowX: 'auto' }}>
        <Table verticalSpacing={6}>
          <Table.Tbody>
            {endpoints.map((each) => (
              <Table.Tr key={each.endpoint}>
                <Table.Td className="tabular">
                  <Text size="sm" fw={600}>
                    {each.endpoint}
                  </Text>
                  <Text size="xs" c="dimmed">
                    {[each.extension !== resource(each.endpoint) && each.extension, each.caller_name, each.context]
                      .filter(Boolean)
                      .join(' · ')}
                  </Text>
                </Table.Td>
                <Table.Td miw={120} maw={360}>
                  {each.watch ? (
                    <Badge color={each.online ? 'teal' : 'orange'}>{t(`pbx_admin.watch_${each.watch}`)}</Badge>
                  ) : (
                    <Badge color={each.online ? 'teal' : 'gray'}>{t(each.online ? 'pbx_admin.online' : 'pbx_admin.offline')}</Badge>
                  )}
                  {each.advice && (
                    <Text size="xs" c="dimmed" mt={4}>
                      {each.advice}
                    </Text>
                  )}
                </Table.Td>
                <Table.Td>
                  <Text size="sm" c="dimmed">
                    {t(`pbx_admin.${each.kind}`)}
                  </Text>
                </Table.Td>
                <Table.Td miw={240}>
                  {each.kind === 'telephone' && (
                    <Select
                      aria-label={`${t('pbx_admin.user')}: ${each.endpoint}`}
                      searchable
                      clearable
                      placeholder={each.suggestion ? t('pbx_admin.suggested', { name: each.suggestion.user_name }) : t('pbx_admin.nobody')}
                      data={(users.data?.items ?? []).map((user) => ({ value: String(user.id), label: user.name }))}
                      value={each.user_id ? String(each.user_id) : null}
                      onChange={(value) => map.mutate([{ endpoint: each.endpoint, user_id: value ? Number(value) : undefined }])}
                    />
                  )}
                </Table.Td>
              </Table.Tr>
            ))}
          </Table.Tbody>
        </Table>
      </div>
      <Offered data={data} />
    </Stack>
  );
}

/** PJSIP/101 is 101. */
function resource(endpoint: string): string {
  return endpoint.slice(endpoint.indexOf('/') + 1);
}

/** Queues with whose telephones they ring, and hints; or why there are none. */
function Offered({ data }: { data: Discovery }) {
  const { t } = useTranslation();
  const queues = data.queues ?? [];
  const hints = data.hints ?? [];
  return (
    <>
      <section className={classes.card}>
        <Title order={2} size="h5" mb="xs">
          {t('pbx_admin.queues')}
        </Title>
        <Told by={data.queues_by} />
        {queues.map((queue) => (
          <Group key={queue.name} gap="xs" py={4} align="baseline">
            <Text size="sm" fw={600}>
              {queue.name}
            </Text>
            <Text size="sm" c="dimmed">
              {queue.at_pbx || data.queues_by === 'none'
                ? (queue.members ?? []).map((each) => each.user_name || each.device).join(', ')
                : t('pbx_admin.queue_gone')}
            </Text>
          </Group>
        ))}
      </section>
      <section className={classes.card}>
        <Title order={2} size="h5" mb="xs">
          {t('pbx_admin.hints')}
        </Title>
        <Told by={data.hints_by} />
        <Group gap="xs">
          {hints.map((hint) => (
            <Badge key={`${hint.extension}@${hint.context}`} variant="light" color="gray" tt="none" title={hint.context}>
              {[hint.extension, (hint.devices ?? []).join(' + ')].filter(Boolean).join(' → ')}
            </Badge>
          ))}
        </Group>
      </section>
    </>
  );
}

/** Whether the list is complete, in words. */
function Told({ by }: { by: Discovery['queues_by'] }) {
  const { t } = useTranslation();
  if (by === 'list') return null;
  return (
    <Text size="sm" c="dimmed" mb="xs">
      {t(`pbx_admin.told_${by}`)}
    </Text>
  );
}
