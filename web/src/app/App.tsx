import { MantineProvider } from '@mantine/core';
import { Notifications } from '@mantine/notifications';
import { QueryClientProvider } from '@tanstack/react-query';
import { useState } from 'react';
import { RouterProvider } from 'react-router';
import { newQueryClient } from './cache';
import { router } from './router';
import { theme, variables } from './theme';
import classes from './App.module.css';

export function App() {
  const [cache] = useState(newQueryClient);
  return (
    <QueryClientProvider client={cache}>
      <MantineProvider theme={theme} cssVariablesResolver={variables} defaultColorScheme="auto">
        <Notifications position="top-right" limit={4} classNames={{ root: classes.toasts }} />
        <RouterProvider router={router} />
      </MantineProvider>
    </QueryClientProvider>
  );
}
