import { MantineProvider } from '@mantine/core';
import { Notifications } from '@mantine/notifications';
import { QueryClient, QueryClientProvider } from '@tanstack/react-query';
import { useState } from 'react';
import { RouterProvider } from 'react-router';
import { ApiError } from '@/api/error';
import { router } from './router';
import { theme, variables } from './theme';
import classes from './App.module.css';

function newQueryClient(): QueryClient {
  return new QueryClient({
    defaultOptions: {
      queries: {
        staleTime: 10_000,
        // what the server refused stays refused; what never arrived is tried again
        retry: (failures, error) =>
          failures < 2 && error instanceof ApiError && (error.status === 0 || error.status >= 500),
      },
    },
  });
}

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
