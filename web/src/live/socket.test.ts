import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Stream, type Link, type SocketLike } from './socket';
import { aCall, aSnapshot } from './testing';
import type { Frame } from './types';

class FakeSocket implements SocketLike {
  readyState: number = WebSocket.OPEN;
  onopen: SocketLike['onopen'] = null;
  onmessage: SocketLike['onmessage'] = null;
  onclose: SocketLike['onclose'] = null;
  sent: string[] = [];
  closedByUs = false;

  constructor(readonly url: string) {}

  send(data: string): void {
    this.sent.push(data);
  }
  close(): void {
    this.closedByUs = true;
  }
  open(): void {
    this.onopen?.(new Event('open'));
  }
  frame(frame: object): void {
    this.onmessage?.(new MessageEvent('message', { data: JSON.stringify(frame) }));
  }
  drop(code: number): void {
    this.onclose?.(new CloseEvent('close', { code }));
  }
}

const at = '2026-11-22T10:00:00Z';
const snapshot = (seq: number, epoch = 'e1') => ({ type: 'snapshot', epoch, seq, at, data: aSnapshot() });
const call = (seq: number, epoch = 'e1') => ({ type: 'call', epoch, seq, at, data: aCall({ version: seq }) });

let sockets: FakeSocket[];
let frames: Frame[];
let links: Link[];
let signedOut: number;
let stream: Stream;

const last = () => sockets[sockets.length - 1]!;

beforeEach(() => {
  vi.useFakeTimers();
  sockets = [];
  frames = [];
  links = [];
  signedOut = 0;
  stream = new Stream({
    url: 'ws://test/stream',
    onFrame: (frame) => frames.push(frame),
    onLink: (link) => links.push(link),
    onSignedOut: () => signedOut++,
    open: (url) => {
      sockets.push(new FakeSocket(url));
      return last();
    },
    random: () => 1,
  });
  stream.start();
});

afterEach(() => {
  stream.stop();
  vi.useRealTimers();
});

describe('the stream after a loss', () => {
  it('PU-04 resumes from its place and takes nothing twice', () => {
    last().frame(snapshot(7));
    last().frame(call(8));
    last().drop(1006);
    expect(links.at(-1)).toBe('lost');
    vi.advanceTimersByTime(500);
    expect(last().url).toBe('ws://test/stream?epoch=e1&after=8');
    last().open();
    expect(links.at(-1)).toBe('online');
    last().frame(call(8));
    last().frame(call(9));
    expect(frames.map((frame) => frame.seq)).toEqual([7, 8, 9]);
  });

  it('asks for a snapshot when a number is missing', () => {
    last().frame(snapshot(1));
    last().frame(call(3));
    expect(frames).toHaveLength(1);
    expect(sockets[0]?.closedByUs).toBe(true);
    vi.advanceTimersByTime(500);
    expect(last().url).toBe('ws://test/stream');
  });

  it('asks for a snapshot when the server has begun a new epoch', () => {
    last().frame(snapshot(1));
    last().frame(call(2, 'e2'));
    vi.advanceTimersByTime(500);
    expect(last().url).toBe('ws://test/stream');
  });

  it('waits longer after each failure and starts anew after a success', () => {
    for (const ms of [500, 1000, 2000, 4000, 8000, 15_000, 15_000]) {
      const before = sockets.length;
      last().drop(1006);
      vi.advanceTimersByTime(ms - 1);
      expect(sockets).toHaveLength(before);
      vi.advanceTimersByTime(1);
      expect(sockets).toHaveLength(before + 1);
    }
    last().frame(snapshot(1));
    last().drop(1001);
    vi.advanceTimersByTime(500);
    expect(last().url).toContain('after=1');
  });

  it('connects at once when the network is back', () => {
    last().drop(1006);
    stream.hurry();
    expect(sockets).toHaveLength(2);
    vi.advanceTimersByTime(60_000);
    expect(sockets).toHaveLength(2);
  });
});

describe('close codes', () => {
  it.each([
    [4408, 'ws://test/stream?epoch=e1&after=1'],
    [4409, 'ws://test/stream'],
    [1001, 'ws://test/stream?epoch=e1&after=1'],
  ])('%i reconnects to %s', (code, url) => {
    last().frame(snapshot(1));
    last().drop(code);
    vi.advanceTimersByTime(500);
    expect(last().url).toBe(url);
  });

  it('4401 goes to the login and stays there', () => {
    last().drop(4401);
    vi.advanceTimersByTime(120_000);
    expect(signedOut).toBe(1);
    expect(sockets).toHaveLength(1);
  });

  it('4400 asks for a reload and does not reconnect blindly', () => {
    last().drop(4400);
    vi.advanceTimersByTime(120_000);
    expect(links.at(-1)).toBe('reload');
    expect(sockets).toHaveLength(1);
  });

  it('4429 says that there are too many and tries again later', () => {
    last().drop(4429);
    expect(links.at(-1)).toBe('too_many');
    vi.advanceTimersByTime(29_999);
    expect(sockets).toHaveLength(1);
    vi.advanceTimersByTime(1);
    expect(sockets).toHaveLength(2);
  });
});

describe('a line that died without a word', () => {
  it('is noticed by the missing pong', () => {
    last().open();
    last().frame(snapshot(1));
    vi.advanceTimersByTime(20_000);
    expect(last().sent).toEqual(['{"type":"ping"}']);
    vi.advanceTimersByTime(10_000);
    expect(links.at(-1)).toBe('lost');
  });

  it('lives on with a pong', () => {
    last().open();
    last().frame(snapshot(1));
    vi.advanceTimersByTime(20_000);
    last().frame({ type: 'pong' });
    vi.advanceTimersByTime(10_000);
    expect(links.at(-1)).toBe('online');
    expect(frames).toHaveLength(1);
  });
});

it('stops for good', () => {
  last().frame(snapshot(1));
  stream.stop();
  vi.advanceTimersByTime(120_000);
  expect(sockets).toHaveLength(1);
  expect(links.at(-1)).toBe('closed');
});
