import { Anchor, Badge, Button, Group, Stack, Table, Text, TextInput, Title } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useState, type ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { Link } from 'react-router';
import { api, send } from '@/api/client';
import { useMe } from '@/app/session';
import { useParam } from '@/parts/useParam';
import classes from '@/parts/Screen.module.css';
import { Failure, Lines } from '@/parts/States';

/** How a number is read, whom it finds and why, what is dialled (LU-08). */
export function NumberTab() {
  const { t } = useTranslation();
  const { params, set } = useParam();
  const asked = params.get('number') ?? '';
  const [text, setText] = useState(asked);
  return (
    <Stack maw={720}>
      <Text size="sm">{t('number_test.text')}</Text>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          set({ number: text.trim() });
        }}
      >
        <Group align="flex-end">
          <TextInput flex={1} label={t('number_test.input')} value={text} maxLength={64} onChange={(event) => setText(event.currentTarget.value)} />
          <Button type="submit">{t('number_test.run')}</Button>
        </Group>
      </form>
      {asked && <Answer number={asked} />}
    </Stack>
  );
}

function Answer({ number }: { number: string }) {
  const { t } = useTranslation();
  const me = useMe();
  const { data, error, refetch } = useQuery({
    queryKey: ['lookup', number],
    queryFn: ({ signal }) => send(api.GET('/lookup', { params: { query: { number } }, signal })),
    staleTime: 0,
  });
  if (error) return <Failure error={error} onRetry={() => void refetch()} />;
  if (!data) return <Lines count={3} />;
  const { reading } = data;
  const matches = data.matches ?? [];
  return (
    <>
      <Part title={t('number_test.reading')}>
        <Text fw={600} fz={18} className="tabular">
          {data.number.display || data.number.raw}
        </Text>
        <Text size="sm" c="dimmed">
          {[t(`number_test.rule.${reading.rule}`), reading.country, reading.type && t(`number_test.type.${reading.type}`), reading.area && `(${reading.area})`]
            .filter(Boolean)
            .join(' · ')}
        </Text>
        {data.number.kind === 'external' && !reading.valid && (
          <Text size="sm" c="var(--rc-orange)">
            {t('number_test.invalid')}
          </Text>
        )}
      </Part>
      <Part title={t('number_test.matches')}>
        {data.spam && <Badge color="red">{t('number_test.spam')}</Badge>}
        {!data.spam && matches.length === 0 && <Text size="sm">{t('number_test.nobody')}</Text>}
        {matches.map((each, index) => (
          <Group key={`${each.client_id}-${each.person_id}`} gap="sm" py={4}>
            <Text size="sm" c="dimmed" w={18} ta="right">
              {index + 1}
            </Text>
            {each.client_id ? (
              <Anchor component={Link} to={`/clients/${each.client_id}`} size="sm">
                {[each.name, each.organisation].filter(Boolean).join(', ')}
              </Anchor>
            ) : (
              <Text size="sm">{each.name}</Text>
            )}
            <Text size="sm" c="dimmed">
              {[t(`why.reason.${each.reason}`), each.responsible_id === me.id && t('match.mine')].filter(Boolean).join(', ')}
            </Text>
          </Group>
        ))}
      </Part>
      {(data.dial ?? []).length > 0 && (
        <Part title={t('number_test.dial')}>
          <Table>
            <Table.Tbody>
              {(data.dial ?? []).map((each) => (
                <Table.Tr key={each.pbx}>
                  <Table.Td>{each.pbx}</Table.Td>
                  <Table.Td className="tabular">{each.dial || '—'}</Table.Td>
                </Table.Tr>
              ))}
            </Table.Tbody>
          </Table>
        </Part>
      )}
    </>
  );
}

function Part({ title, children }: { title: string; children: ReactNode }) {
  return (
    <section className={classes.card} aria-label={title}>
      <Title order={2} fz={15} mb={6}>
        {title}
      </Title>
      {children}
    </section>
  );
}
