import { Center, Loader, useMantineColorScheme } from '@mantine/core';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useEffect } from 'react';
import { useTranslation } from 'react-i18next';
import { Outlet } from 'react-router';
import { onSignedOut } from '@/api/client';
import { asLanguage, switchLanguage } from '@/i18n';
import { Failure } from '@/parts/States';
import { Login } from '@/screens/login/Login';
import { endSession, infoQuery, MeContext, meQuery } from './session';

/** Shows the login instead of any screen while nobody is signed in. */
export function Gate() {
  const cache = useQueryClient();
  const { i18n } = useTranslation();
  const { setColorScheme } = useMantineColorScheme();
  const me = useQuery(meQuery);
  useQuery(infoQuery);
  useEffect(() => onSignedOut(() => endSession(cache)), [cache]);

  // The profile decides language and theme once, at sign-in; later changes go both ways.
  const locale = asLanguage(me.data?.locale);
  const theme = me.data?.theme;
  useEffect(() => {
    if (locale && locale !== i18n.language) void switchLanguage(locale);
  }, [locale, i18n]);
  useEffect(() => {
    if (theme === 'light' || theme === 'dark' || theme === 'auto') setColorScheme(theme);
  }, [theme, setColorScheme]);

  if (me.data) {
    return (
      <MeContext value={me.data}>
        <Outlet />
      </MeContext>
    );
  }
  if (me.data === null) return <Login />;
  return (
    <Center h="100dvh">
      {me.error ? <Failure error={me.error} onRetry={() => void me.refetch()} /> : <Loader />}
    </Center>
  );
}
