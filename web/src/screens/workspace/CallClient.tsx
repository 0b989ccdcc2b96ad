import { Stack } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { IconLock } from '@tabler/icons-react';
import { useTranslation } from 'react-i18next';
import { isCode } from '@/api/error';
import { clientQuery } from '@/parts/clientQueries';
import { History } from '@/parts/History';
import { PersonLine } from '@/parts/PersonLine';
import { Empty, Failure, Lines } from '@/parts/States';

export function CallHistory({ clientId }: { clientId: number }) {
  const { error } = useQuery(clientQuery(clientId));
  return isCode(error, 'not_found') ? <NotYours /> : <History clientId={clientId} compact />;
}

export function CallPersons({ clientId }: { clientId: number }) {
  const { data, error, refetch } = useQuery(clientQuery(clientId));
  if (isCode(error, 'not_found')) return <NotYours />;
  if (error) return <Failure error={error} onRetry={() => void refetch()} />;
  if (!data) return <Lines count={3} />;
  return (
    <Stack gap="xs">
      {(data.persons ?? []).map((person) => (
        <PersonLine key={person.link_id} person={person} clientId={clientId} />
      ))}
    </Stack>
  );
}

// The pop tells who calls; the card itself belongs to another employee.
function NotYours() {
  const { t } = useTranslation();
  return <Empty icon={IconLock} title={t('client.not_yours')} text={t('client.not_yours_text')} />;
}
