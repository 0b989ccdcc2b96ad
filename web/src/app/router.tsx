import { createBrowserRouter } from 'react-router';
import { Shell } from '@/shell/Shell';
import { Broken } from './Broken';
import { Gate } from './Gate';

/** Every screen is a chunk of its own. */
export const router = createBrowserRouter([
  {
    element: <Gate />,
    errorElement: <Broken />,
    HydrateFallback: () => null,
    children: [
      {
        element: <Shell />,
        children: [
          { path: '/', lazy: async () => ({ Component: (await import('@/screens/workspace/Workspace')).Workspace }) },
          { path: '/calls', lazy: async () => ({ Component: (await import('@/screens/calls/Journal')).Journal }) },
          { path: '/calls/:callId', lazy: async () => ({ Component: (await import('@/screens/calls/Journal')).Journal }) },
          { path: '/missed', lazy: async () => ({ Component: (await import('@/screens/missed/Missed')).Missed }) },
          { path: '/unsorted', lazy: async () => ({ Component: (await import('@/screens/unsorted/Unsorted')).UnsortedPage }) },
          { path: '/reports', lazy: async () => ({ Component: (await import('@/screens/reports/Reports')).Reports }) },
          { path: '/clients', lazy: async () => ({ Component: (await import('@/screens/clients/Clients')).Clients }) },
          { path: '/clients/:id', lazy: async () => ({ Component: (await import('@/screens/client/ClientPage')).ClientPage }) },
          {
            path: '/clients/:id/:tab',
            lazy: async () => ({ Component: (await import('@/screens/client/ClientPage')).ClientPage }),
          },
          { path: '/team', lazy: async () => ({ Component: (await import('@/screens/team/Team')).Team }) },
          { path: '/settings', lazy: async () => ({ Component: (await import('@/screens/settings/Settings')).SettingsPage }) },
          {
            path: '/settings/:tab',
            lazy: async () => ({ Component: (await import('@/screens/settings/Settings')).SettingsPage }),
          },
          { path: '*', lazy: async () => ({ Component: (await import('./Broken')).Missing }) },
        ],
      },
    ],
  },
]);
