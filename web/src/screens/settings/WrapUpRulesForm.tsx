import { ActionIcon, Group, NumberInput, Select, Text } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { IconPlus, IconTrash } from '@tabler/icons-react';
import { useTranslation } from 'react-i18next';
import { api, send } from '@/api/client';
import type { WrapUpRules } from '@/api/types';
import { usersQuery } from '@/parts/clientQueries';
import { Section } from '@/parts/Section';
import { Failure, Lines } from '@/parts/States';
import { SaveBar, useDraft } from '@/parts/useDraft';

const MAX_SECONDS = 3600;

interface Exception {
  key: string;
  seconds: number;
}

const bad = (seconds: number) => !Number.isInteger(seconds) || seconds < 0 || seconds > MAX_SECONDS;

/** How long users have after a talk: in general, after calls of a queue, a user of his own (PU-08). */
export function WrapUpRulesForm() {
  const { t } = useTranslation();
  const users = useQuery(usersQuery);
  const queues = useQuery({ queryKey: ['queues'], queryFn: ({ signal }) => send(api.GET('/queues', { signal })) });
  const draft = useDraft<WrapUpRules>({
    queryKey: ['settings', 'wrap-up'],
    read: (signal) => send(api.GET('/settings/wrap-up', { signal })),
    write: (body) => send(api.PUT('/settings/wrap-up', { body })),
  });
  const { query, value, change } = draft;
  if (query.error) return <Failure error={query.error} onRetry={() => void query.refetch()} />;
  if (!value) return <Lines count={3} />;
  const byQueue = (value.queues ?? []).map(({ queue, seconds }) => ({ key: queue, seconds }));
  const byUser = (value.users ?? []).map(({ user_id, seconds }) => ({ key: String(user_id), seconds }));
  const names = [...new Set([...(queues.data?.items ?? []).map((queue) => queue.name), ...byQueue.map((each) => each.key)])];
  const wrong = [value.seconds, ...byQueue.map((each) => each.seconds), ...byUser.map((each) => each.seconds)].some(bad);
  return (
    <Section title={t('wrap_rules.title')} text={t('wrap_rules.text')}>
      <Seconds label={t('wrap_rules.seconds')} description={t('wrap_rules.seconds_text')} value={value.seconds} onChange={(seconds) => change({ seconds })} />
      {(names.length > 0 || byQueue.length > 0) && (
        <Exceptions
          title={t('wrap_rules.queues')}
          pick={t('wrap_rules.pick_queue')}
          options={names.map((name) => ({ value: name, label: name }))}
          value={byQueue}
          usual={value.seconds}
          onChange={(list) => change({ queues: list.map(({ key, seconds }) => ({ queue: key, seconds })) })}
        />
      )}
      <Exceptions
        title={t('wrap_rules.users')}
        pick={t('wrap_rules.pick_user')}
        options={(users.data?.items ?? []).map((user) => ({ value: String(user.id), label: user.name }))}
        value={byUser}
        usual={value.seconds}
        onChange={(list) => change({ users: list.map(({ key, seconds }) => ({ user_id: Number(key), seconds })) })}
      />
      <SaveBar draft={draft} invalid={wrong} />
    </Section>
  );
}

interface ExceptionsProps {
  title: string;
  pick: string;
  options: { value: string; label: string }[];
  value: Exception[];
  usual: number;
  onChange: (list: Exception[]) => void;
}

function Exceptions({ title, pick, options, value, usual, onChange }: ExceptionsProps) {
  const { t } = useTranslation();
  const free = options.filter((option) => !value.some((each) => each.key === option.value));
  return (
    <div role="group" aria-label={title}>
      <Text size="sm" fw={500} mb={6}>
        {title}
      </Text>
      {value.map((each, index) => {
        const name = options.find((option) => option.value === each.key)?.label ?? each.key;
        return (
          <Group key={each.key} gap="sm" wrap="nowrap" mb={6} align="flex-start">
            <Text size="sm" flex={1} lh="36px" className="ellipsis">
              {name}
            </Text>
            <Seconds
              label={`${t('wrap_rules.seconds')}: ${name}`}
              hidden
              value={each.seconds}
              onChange={(seconds) => onChange(value.map((other, i) => (i === index ? { ...other, seconds } : other)))}
            />
            <ActionIcon
              variant="subtle"
              color="gray"
              size={36}
              aria-label={`${t('action.delete')}: ${name}`}
              onClick={() => onChange(value.filter((_, i) => i !== index))}
            >
              <IconTrash size={17} />
            </ActionIcon>
          </Group>
        );
      })}
      {free.length > 0 && (
        <Select
          maw={320}
          searchable
          aria-label={pick}
          placeholder={pick}
          leftSection={<IconPlus size={16} aria-hidden />}
          data={free}
          value={null}
          onChange={(key) => key && onChange([...value, { key, seconds: usual }])}
        />
      )}
    </div>
  );
}

interface SecondsProps {
  label: string;
  description?: string;
  /** The label is for screen readers only. */
  hidden?: boolean;
  value: number;
  onChange: (seconds: number) => void;
}

function Seconds({ label, description, hidden = false, value, onChange }: SecondsProps) {
  const { t } = useTranslation();
  return (
    <NumberInput
      w={hidden ? 130 : 260}
      label={hidden ? undefined : label}
      aria-label={label}
      description={description}
      suffix={` ${t('wrap_rules.unit')}`}
      allowDecimal={false}
      allowNegative={false}
      step={10}
      error={bad(value) ? t('wrap_rules.bad', { max: MAX_SECONDS }) : undefined}
      value={Number.isNaN(value) ? '' : value}
      onChange={(next) => onChange(next === '' ? NaN : Number(next))}
    />
  );
}
