import { Badge, Group, Stack, Text, Timeline, Title, UnstyledButton } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { IconChevronDown, IconChevronRight } from '@tabler/icons-react';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { api, send } from '@/api/client';
import { useFormat } from '@/format/useFormat';
import { Failure, Lines } from '@/parts/States';
import { recipientText, stepText } from '@/parts/why';

/** The call's path step by step, and who saw it on his screen or why not. */
export function Why({ id }: { id: string }) {
  const { t } = useTranslation();
  const [open, setOpen] = useState(false);
  const Chevron = open ? IconChevronDown : IconChevronRight;
  return (
    <div>
      <UnstyledButton onClick={() => setOpen(!open)} aria-expanded={open}>
        <Group gap={6}>
          <Chevron size={18} aria-hidden />
          <Title order={2} fz={16}>
            {t('why.title')}
          </Title>
        </Group>
      </UnstyledButton>
      {open && <Path id={id} />}
    </div>
  );
}

function Path({ id }: { id: string }) {
  const { t } = useTranslation();
  const format = useFormat();
  const { data, error, refetch } = useQuery({
    queryKey: ['calls', 'why', id],
    queryFn: ({ signal }) => send(api.GET('/calls/{id}/why', { params: { path: { id } }, signal })),
  });
  if (error) return <Failure error={error} onRetry={() => void refetch()} />;
  if (!data) return <Lines count={3} />;
  const events = data.events ?? [];
  const recipients = data.recipients ?? [];
  return (
    <Stack gap="md" mt="sm">
      {events.length === 0 && (
        <Text size="sm" c="dimmed">
          {t('why.none')}
        </Text>
      )}
      <Timeline bulletSize={12} lineWidth={2} active={events.length}>
        {events.map((event, index) => (
          <Timeline.Item key={index} title={stepText(t, event)} styles={{ itemTitle: { fontSize: 14, fontWeight: 400 } }}>
            <Text size="xs" c="dimmed" className="tabular">
              {format.time(event.at)}
            </Text>
          </Timeline.Item>
        ))}
      </Timeline>
      {recipients.length > 0 && (
        <div>
          <Text size="sm" fw={600} mb={4}>
            {t('why.recipients')}
          </Text>
          {recipients.map((each) => (
            <Group key={`${each.user_id}-${each.code}`} gap="xs" py={3} wrap="nowrap">
              <Badge color={each.got ? 'teal' : 'gray'} miw={84}>
                {t(each.got ? 'why.got' : 'why.not_got')}
              </Badge>
              <Text size="sm">{each.name}</Text>
              <Text size="sm" c="dimmed" className="ellipsis">
                {recipientText(t, each)}
              </Text>
            </Group>
          ))}
        </div>
      )}
    </Stack>
  );
}
