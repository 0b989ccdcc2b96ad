import { QueryClient, QueryClientProvider } from '@tanstack/react-query';
import { act, createElement } from 'react';
import { createRoot } from 'react-dom/client';
import { afterEach, expect, it, vi } from 'vitest';
import { useLive } from '@/live/store';
import { aCall } from '@/live/testing';
import type { Call } from '@/live/types';
import { useCallActions } from './useControl';

const asked = vi.hoisted(() => ({ times: 0 }));

vi.mock('@/api/client', () => ({
  api: { GET: () => ++asked.times },
  send: () => Promise.resolve({ items: [] }),
}));

function Buttons({ call }: { call: Call }) {
  useCallActions(call, true);
  return null;
}

afterEach(() => useLive.setState({ calls: {} }));

it('asks again what can be done when the consulted colleague answers (CO-07)', async () => {
  (globalThis as { IS_REACT_ACT_ENVIRONMENT?: boolean }).IS_REACT_ACT_ENVIRONMENT = true;
  const call = aCall({ id: 'own', state: 'talking', consult_id: 'consult' });
  const consult = (version: number) => useLive.setState({ calls: { consult: aCall({ id: 'consult', version }) } });
  consult(1);
  const root = createRoot(document.createElement('div'));
  await act(() => {
    root.render(createElement(QueryClientProvider, { client: new QueryClient() }, createElement(Buttons, { call })));
    return Promise.resolve();
  });
  expect(asked.times).toBe(1);
  await act(() => Promise.resolve(consult(2)));
  expect(asked.times).toBe(2);
  act(() => root.unmount());
});
