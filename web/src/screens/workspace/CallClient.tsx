import { Stack } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { clientQuery } from '@/parts/clientQueries';
import { History } from '@/parts/History';
import { PersonLine } from '@/parts/PersonLine';
import { Failure, Lines } from '@/parts/States';

export function CallHistory({ clientId }: { clientId: number }) {
  return <History clientId={clientId} compact />;
}

export function CallPersons({ clientId }: { clientId: number }) {
  const { data, error, refetch } = useQuery(clientQuery(clientId));
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
