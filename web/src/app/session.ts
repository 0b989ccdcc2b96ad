import { queryOptions, useQuery, type QueryClient } from '@tanstack/react-query';
import { createContext, use } from 'react';
import { api, send } from '@/api/client';
import { isCode } from '@/api/error';
import type { Info, Me, Permission } from '@/api/types';
import { useChange } from './useChange';

export const meQuery = queryOptions({
  queryKey: ['me'],
  queryFn: async (): Promise<Me | null> => {
    try {
      return await send(api.GET('/me'));
    } catch (error) {
      if (isCode(error, 'unauthorized')) return null;
      throw error;
    }
  },
  staleTime: Infinity,
  retry: false,
});

export const infoQuery = queryOptions({
  queryKey: ['info'],
  queryFn: () => send(api.GET('/info')),
  staleTime: Infinity,
});

/** Shows the login and forgets what the user had seen. */
export function endSession(cache: QueryClient): void {
  cache.setQueryData(meQuery.queryKey, null);
  const kept = [meQuery.queryKey[0], infoQuery.queryKey[0]];
  cache.removeQueries({ predicate: (query) => !kept.includes(query.queryKey[0] as string) });
}

/** What is assumed of the installation until /info has answered. */
export const defaultInfo: Info = {
  version: '',
  locale: 'ru',
  time_zone: Intl.DateTimeFormat().resolvedOptions().timeZone,
  region: 'RU',
  demo: false,
};

export function useInfo(): Info {
  const { data } = useQuery(infoQuery);
  return data?.time_zone ? data : defaultInfo;
}

export const MeContext = createContext<Me | null>(null);

/** The signed-in user. Only below the gate of App. */
export function useMe(): Me {
  const me = use(MeContext);
  if (!me) throw new Error('useMe outside of a session');
  return me;
}

export function useCan(): (permission: Permission) => boolean {
  const me = useMe();
  return (permission) => (me.permissions ?? []).includes(permission);
}

export interface MeChange {
  locale?: 'ru' | 'en';
  theme?: 'light' | 'dark' | 'auto';
}

/** Changes the user's own profile. */
export function useChangeMe() {
  return useChange<Me, MeChange>({ queryKey: meQuery.queryKey, write: (change) => send(api.PATCH('/me', { body: change })) });
}
