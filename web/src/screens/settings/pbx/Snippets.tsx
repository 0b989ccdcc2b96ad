import { Badge, Button, Code, CopyButton, Group, Stack, Text } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { IconCopy } from '@tabler/icons-react';
import { useTranslation } from 'react-i18next';
import { api, send } from '@/api/client';
import classes from '@/parts/Screen.module.css';
import { Failure, Lines } from '@/parts/States';

/** Lines for the PBX's files, with a password that is new each time (PB-09). */
export function Snippets({ pbx }: { pbx: string }) {
  const { t } = useTranslation();
  const { data, error, refetch } = useQuery({
    queryKey: ['pbx', 'snippets', pbx],
    queryFn: ({ signal }) => send(api.GET('/pbx/{pbx}/snippets', { params: { path: { pbx } }, signal })),
    // a secret: not kept, and not made anew while it is being copied
    staleTime: Infinity,
    gcTime: 0,
  });
  if (error) return <Failure error={error} onRetry={() => void refetch()} />;
  if (!data) return <Lines count={4} height={90} />;
  return (
    <Stack>
      <Text size="sm">{t('pbx_admin.snippets_text')}</Text>
      {(data.files ?? []).map((file) => (
        <section key={file.id} className={classes.card} aria-label={file.path}>
          <Group justify="space-between" wrap="nowrap" mb="xs">
            <div style={{ minWidth: 0 }}>
              <Text fw={600} className="ellipsis">
                {file.path} {file.optional && <Badge color="gray">{t('pbx_admin.optional')}</Badge>}
              </Text>
              <Text size="sm" c="dimmed">
                {t(`pbx_admin.purpose.${file.id}` as 'pbx_admin.purpose.ari', { defaultValue: file.purpose })}
              </Text>
            </div>
            <CopyButton value={file.text}>
              {({ copied, copy }) => (
                <Button size="xs" variant="default" leftSection={<IconCopy size={15} />} onClick={copy} flex="none">
                  {t(copied ? 'pbx_admin.copied' : 'pbx_admin.copy')}
                </Button>
              )}
            </CopyButton>
          </Group>
          <Code block>{file.text}</Code>
          {file.reload && (
            <Text size="sm" mt="xs">
              {t('pbx_admin.reload', { command: file.reload })}
            </Text>
          )}
        </section>
      ))}
    </Stack>
  );
}
