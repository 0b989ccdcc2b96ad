import { QueryClient, QueryClientProvider } from '@tanstack/react-query';
import { act, createElement } from 'react';
import { createRoot, type Root } from 'react-dom/client';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { useDraft } from './useDraft';

interface Rules {
  minutes: number;
  note: string;
}

let root: Root;
let draft: ReturnType<typeof useDraft<Rules>>;
let write: (value: Rules) => Promise<Rules>;
let cache: QueryClient;

function Form() {
  // eslint-disable-next-line react-hooks/globals -- the test looks at what the hook gives
  draft = useDraft<Rules>({ queryKey: ['rules'], read: () => Promise.resolve({ minutes: 30, note: 'a' }), write: (value) => write(value) });
  return null;
}

const until = (holds: () => boolean) => act(() => vi.waitFor(() => expect(holds()).toBe(true)));

beforeEach(async () => {
  (globalThis as { IS_REACT_ACT_ENVIRONMENT?: boolean }).IS_REACT_ACT_ENVIRONMENT = true;
  cache = new QueryClient({ defaultOptions: { queries: { retry: false } } });
  root = createRoot(document.createElement('div'));
  act(() => root.render(createElement(QueryClientProvider, { client: cache }, createElement(Form))));
  await until(() => draft.value !== undefined);
});

afterEach(() => act(() => root.unmount()));

it('what is saved is what was read with the changes, and the server has the last word', async () => {
  const sent: Rules[] = [];
  write = (value) => {
    sent.push(value);
    return Promise.resolve({ ...value, note: 'trimmed' });
  };
  expect([draft.value, draft.dirty]).toEqual([{ minutes: 30, note: 'a' }, false]);
  act(() => void draft.change({ minutes: 45 }));
  expect([draft.value?.minutes, draft.dirty]).toEqual([45, true]);
  act(() => void draft.save());
  await until(() => !draft.dirty);
  expect(sent).toEqual([{ minutes: 45, note: 'a' }]);
  expect([draft.value, draft.dirty]).toEqual([{ minutes: 45, note: 'trimmed' }, false]);
});

it('what could not be saved stays in the form until it is dropped', async () => {
  write = () => Promise.reject(new Error('no'));
  act(() => void draft.change({ minutes: 45 }));
  act(() => void draft.save());
  await until(() => draft.error !== null);
  expect([draft.value?.minutes, draft.dirty, draft.error?.message]).toEqual([45, true, 'no']);
  act(() => draft.drop());
  expect([draft.value?.minutes, draft.dirty, draft.error]).toEqual([30, false, null]);
});
