import { queryOptions } from '@tanstack/react-query';
import { api, send } from '@/api/client';

/** Recordings of a call; a message of the stream says when they change. */
export const recordingsQuery = (callId: string) =>
  queryOptions({
    queryKey: ['recordings', callId],
    queryFn: async ({ signal }) =>
      (await send(api.GET('/calls/{id}/recordings', { params: { path: { id: callId } }, signal }))).items ?? [],
  });

export const waveformQuery = (id: string) =>
  queryOptions({
    queryKey: ['waveform', id],
    queryFn: ({ signal }) => send(api.GET('/recordings/{id}/waveform', { params: { path: { id } }, signal })),
    staleTime: Infinity,
  });
