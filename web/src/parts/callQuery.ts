import { queryOptions } from '@tanstack/react-query';
import { api, send } from '@/api/client';

/** The record of one call, also while it goes on: note and spam mark are only here. */
export const callQuery = (id: string) =>
  queryOptions({
    queryKey: ['calls', 'one', id],
    queryFn: ({ signal }) => send(api.GET('/calls/{id}', { params: { path: { id } }, signal })),
  });
