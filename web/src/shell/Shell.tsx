import { AppShell } from '@mantine/core';
import { useDisclosure, useHotkeys } from '@mantine/hooks';
import { Suspense } from 'react';
import { Outlet } from 'react-router';
import { Lines } from '@/parts/States';
import { useNarrow } from '@/parts/useNarrow';
import { ActionsContext } from './actions';
import { BottomBar } from './BottomBar';
import { Finder } from './Finder';
import { Header } from './Header';
import { LinkBanner } from './LinkBanner';
import { Nav } from './Nav';
import { Pop } from './Pop';
import classes from './Shell.module.css';
import { SupervisionBar } from './SupervisionBar';
import { useHappenings } from './useHappenings';
import { useStream } from './useStream';

/** Frame of every screen: header, navigation, the pop, and the live stream. */
export function Shell() {
  const { retryNow } = useStream();
  const { dismiss } = useHappenings();
  const [finding, finder] = useDisclosure(false);
  const narrow = useNarrow();
  useHotkeys([['mod+K', finder.open, { usePhysicalKeys: true }]], []);
  return (
    <ActionsContext value={{ dismiss }}>
      <AppShell
        header={{ height: 56 }}
        navbar={{ width: 232, breakpoint: 'sm', collapsed: { mobile: true } }}
        footer={{ height: 60, collapsed: !narrow }}
        padding={0}
        transitionDuration={0}
      >
        <AppShell.Header className={classes.header}>
          <Header onFind={finder.open} narrow={narrow} />
        </AppShell.Header>
        <AppShell.Navbar p="xs" className={classes.nav}>
          <Nav />
        </AppShell.Navbar>
        <AppShell.Main className={classes.main}>
          <LinkBanner onRetry={retryNow} />
          <SupervisionBar />
          <Suspense fallback={<Lines />}>
            <Outlet />
          </Suspense>
        </AppShell.Main>
        <AppShell.Footer hiddenFrom="sm">
          <BottomBar />
        </AppShell.Footer>
      </AppShell>
      <Pop />
      {finding && <Finder onClose={finder.close} />}
    </ActionsContext>
  );
}
