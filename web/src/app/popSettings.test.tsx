import { QueryClientProvider, type QueryClient } from '@tanstack/react-query';
import { createElement } from 'react';
import { createRoot, type Root } from 'react-dom/client';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import type { PopSettings } from '@/api/types';
import { newQueryClient } from './cache';
import { popQuery, useChangePop, usePopSettings } from './popSettings';

/** A server whose answers wait until the test lets them go. */
const server = vi.hoisted(() => ({ kept: {} as PopSettings, refuse: false, answers: [] as (() => void)[], toasts: 0 }));

vi.mock('@/api/client', () => ({
  api: {
    GET: () => ({ ...server.kept }),
    PUT: (_: string, { body }: { body: PopSettings }) =>
      new Promise((resolve, reject) => {
        server.answers.push(() => {
          if (server.refuse) return reject(new Error('no'));
          server.kept = body;
          resolve({ ...body });
        });
      }),
  },
  send: (answer: unknown) => Promise.resolve(answer),
}));
vi.mock('@/parts/errors', () => ({ useToastError: () => () => server.toasts++ }));

function Switches() {
  const pop = usePopSettings();
  const set = useChangePop();
  return (['sound', 'notify'] as const).map((key) =>
    createElement('input', { key, name: key, type: 'checkbox', checked: pop[key], onChange: () => set.mutate({ [key]: !pop[key] }) }),
  );
}

let root: Root;
let page: HTMLDivElement;
let cache: QueryClient;
const box = (name: string) => page.querySelector<HTMLInputElement>(`[name=${name}]`)!;
const both = () => [box('sound').checked, box('notify').checked];
const settle = () => vi.waitFor(() => expect(server.answers.length).toBeGreaterThan(0));

beforeEach(async () => {
  // as in a browser: what is not shown by itself is not shown
  (globalThis as { IS_REACT_ACT_ENVIRONMENT?: boolean }).IS_REACT_ACT_ENVIRONMENT = false;
  Object.assign(server, { kept: { mode: 'ring', notify: false, sound: true, open_card: 'never', link: '' }, refuse: false, answers: [], toasts: 0 });
  cache = newQueryClient();
  page = document.body.appendChild(document.createElement('div'));
  root = createRoot(page);
  root.render(createElement(QueryClientProvider, { client: cache }, createElement(Switches)));
  await vi.waitFor(() => expect(both()).toEqual([true, false]));
});

afterEach(() => {
  root.unmount();
  page.remove();
});

it('a switch stays where the click put it (PU-07)', async () => {
  box('sound').click();
  for (let i = 0; i < 10; i++) await Promise.resolve(); // no task in between: nothing was painted
  expect(box('sound').checked).toBe(false);
});

it('two quick clicks are both kept, and neither is seen to jump back (PU-07)', async () => {
  box('sound').click();
  await settle(); // the first request is sent
  box('notify').click();
  server.answers.shift()!();
  await settle(); // the second, after the answer to the first
  expect(both()).toEqual([false, true]);
  server.answers.shift()!();
  await vi.waitFor(() => expect(cache.isMutating()).toBe(0));
  expect([server.kept.sound, server.kept.notify, ...both()]).toEqual([false, true, false, true]);
});

it('a reading under way does not put an older state back (PU-07)', async () => {
  let answer!: (value: PopSettings) => void;
  const late = cache.fetchQuery({ ...popQuery, staleTime: 0, queryFn: () => new Promise<PopSettings>((resolve) => (answer = resolve)) });
  box('sound').click();
  answer({ ...server.kept, sound: true });
  await late;
  expect([cache.getQueryData(popQuery.queryKey)?.sound, box('sound').checked]).toEqual([false, false]);
});

it('what was refused is told and goes back (PU-07)', async () => {
  server.refuse = true;
  box('sound').click();
  await settle();
  server.answers.shift()!();
  await vi.waitFor(() => expect(both()).toEqual([true, false]));
  expect(server.toasts).toBe(1);
});
