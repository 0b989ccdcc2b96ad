import { queryOptions } from '@tanstack/react-query';
import { api, send } from '@/api/client';

export const officeHoursQuery = queryOptions({
  queryKey: ['settings', 'office-hours'],
  queryFn: ({ signal }) => send(api.GET('/office-hours', { signal })),
});
