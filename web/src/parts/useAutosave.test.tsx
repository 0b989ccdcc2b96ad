import { act, createElement } from 'react';
import { createRoot, type Root } from 'react-dom/client';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { useAutosave } from './useAutosave';

let root: Root;
let field: ReturnType<typeof useAutosave>;
let saved: string[];
let answer: () => Promise<unknown>;

function Field() {
  // eslint-disable-next-line react-hooks/globals -- the test looks at what the hook gives
  field = useAutosave('', (text) => {
    saved.push(text);
    return answer();
  });
  return null;
}

beforeEach(() => {
  vi.useFakeTimers();
  (globalThis as { IS_REACT_ACT_ENVIRONMENT?: boolean }).IS_REACT_ACT_ENVIRONMENT = true;
  saved = [];
  answer = () => Promise.resolve();
  root = createRoot(document.createElement('div'));
  act(() => root.render(createElement(Field)));
});

afterEach(() => vi.useRealTimers());

const type = (text: string) => act(() => field.setValue(text));
const wait = (ms: number) => act(() => vi.advanceTimersByTimeAsync(ms));

it('saves once after a pause in typing', async () => {
  type('При');
  await wait(300);
  type('Привет');
  await wait(700);
  expect(saved).toEqual(['Привет']);
  expect(field.state).toBe('saved');
});

it('saves what is left when the field goes away', () => {
  type('не дописал');
  act(() => root.unmount());
  expect(saved).toEqual(['не дописал']);
});

it('sends what was typed during a request after it', async () => {
  let done: () => void = () => undefined;
  answer = () => new Promise<void>((resolve) => (done = resolve));
  type('а');
  await wait(700);
  type('аб');
  await wait(700);
  expect(saved).toEqual(['а']);
  done();
  await wait(0);
  expect(saved).toEqual(['а', 'аб']);
});

it('says that it failed and tries again', async () => {
  answer = () => Promise.reject(new Error('no network'));
  type('важно');
  await wait(700);
  expect(field.state).toBe('failed');
  answer = () => Promise.resolve();
  await wait(5000);
  expect(saved).toEqual(['важно', 'важно']);
  expect(field.state).toBe('saved');
});
