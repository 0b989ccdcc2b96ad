import { notifications } from '@mantine/notifications';
import { beforeEach, expect, it, vi } from 'vitest';
import type { Recording } from '@/api/types';
import { useLive } from '@/live/store';
import { aCall, aSnapshot } from '@/live/testing';
import { tellFailure } from './recordingFailure';

const at = '2026-11-22T10:00:00Z';
const recording = (change: Partial<Recording>): Recording => ({
  id: 'r1',
  call_id: 'c1',
  pbx: 'office',
  state: 'failed',
  reason: 'pbx_failed',
  origin: 'auto',
  started_by: null,
  started_at: at,
  ended_at: at,
  duration_ms: 0,
  size: 0,
  channels: 0,
  retry_at: null,
  ...change,
});
const show = vi.spyOn(notifications, 'show');

beforeEach(() => {
  show.mockClear();
  useLive.getState().reset();
  useLive.getState().apply({ type: 'snapshot', epoch: 'e', seq: 1, at, data: aSnapshot({ calls: [aCall({ state: 'talking' })] }) });
});

it('tells once that a talk is no longer recorded, and why', () => {
  tellFailure(recording({}));
  expect(show).toHaveBeenCalledOnce();
  expect(show.mock.calls[0]?.[0]).toMatchObject({ id: 'recording-r1', color: 'red' });
});

it('is silent about what is no loss, or of a talk that is over', () => {
  tellFailure(recording({ state: 'ready', reason: 'incomplete' }));
  tellFailure(recording({ call_id: 'of yesterday' }));
  useLive.getState().apply({ type: 'call', epoch: 'e', seq: 2, at, data: aCall({ state: 'ended', version: 2 }) });
  tellFailure(recording({}));
  expect(show).not.toHaveBeenCalled();
});
