import { backoff, reaction } from './backoff';
import type { Frame, Incoming } from './types';

export type Link = 'connecting' | 'online' | 'lost' | 'reload' | 'too_many' | 'closed';

export interface SocketLike {
  readyState: number;
  onopen: ((event: Event) => void) | null;
  onmessage: ((event: MessageEvent<string>) => void) | null;
  onclose: ((event: CloseEvent) => void) | null;
  send(data: string): void;
  close(code?: number): void;
}

export interface StreamOptions {
  url: string;
  onFrame: (frame: Frame) => void;
  onLink: (link: Link) => void;
  /** The session has ended: show the login. */
  onSignedOut: () => void;
  open?: (url: string) => SocketLike;
  random?: () => number;
}

/** The server pings at the protocol level, which a page cannot see: this ping is ours. */
const PING_MS = 20_000;
const PONG_MS = 10_000;
const TOO_MANY_MS = 30_000;

/**
 * The page's one connection to the stream. It keeps the place (epoch, seq),
 * resumes from it after a loss, asks for a snapshot when it sees a gap, and
 * notices a dead line by missing pongs.
 */
export class Stream {
  private readonly options: StreamOptions;
  private socket: SocketLike | null = null;
  private place: { epoch: string; seq: number } | null = null;
  private attempt = 0;
  private retry: ReturnType<typeof setTimeout> | undefined;
  private ping: ReturnType<typeof setTimeout> | undefined;
  private stopped = true;

  constructor(options: StreamOptions) {
    this.options = options;
  }

  start(): void {
    if (!this.stopped) return;
    this.stopped = false;
    this.connect();
  }

  stop(): void {
    this.stopped = true;
    clearTimeout(this.retry);
    this.drop();
    this.options.onLink('closed');
  }

  /** Connects at once, as when the browser says that the network is back. */
  hurry(): void {
    if (this.stopped || this.socket) return;
    clearTimeout(this.retry);
    this.connect();
  }

  private connect(): void {
    if (this.attempt === 0 && !this.place) this.options.onLink('connecting');
    const open = this.options.open ?? ((url: string): SocketLike => new WebSocket(url));
    const socket = open(this.address());
    this.socket = socket;
    socket.onopen = () => this.beat(socket);
    socket.onmessage = (event) => this.receive(socket, event.data);
    socket.onclose = (event) => {
      if (this.socket === socket) this.closed(event.code);
    };
  }

  private address(): string {
    if (!this.place) return this.options.url;
    const query = new URLSearchParams({ epoch: this.place.epoch, after: String(this.place.seq) });
    return `${this.options.url}?${query.toString()}`;
  }

  private receive(socket: SocketLike, text: string): void {
    if (this.socket !== socket) return;
    this.beat(socket);
    let frame: Incoming;
    try {
      frame = JSON.parse(text) as Incoming;
    } catch {
      this.again('fresh');
      return;
    }
    if (frame.type === 'pong') return;
    if (frame.type !== 'snapshot') {
      const place = this.place;
      if (place?.epoch === frame.epoch && frame.seq <= place.seq) return;
      if (!place || place.epoch !== frame.epoch || frame.seq !== place.seq + 1) {
        this.again('fresh');
        return;
      }
    }
    this.place = { epoch: frame.epoch, seq: frame.seq };
    this.attempt = 0;
    this.options.onLink('online');
    this.options.onFrame(frame);
  }

  private beat(socket: SocketLike): void {
    clearTimeout(this.ping);
    this.ping = setTimeout(() => {
      if (this.socket !== socket || socket.readyState !== WebSocket.OPEN) return;
      socket.send('{"type":"ping"}');
      this.ping = setTimeout(() => this.again('resume'), PONG_MS);
    }, PING_MS);
    // a resumed stream with nothing missed sends no frame: being open is enough
    if (this.place) this.options.onLink('online');
  }

  private again(how: 'resume' | 'fresh'): void {
    this.drop();
    this.closed(how === 'fresh' ? 4409 : 1006);
  }

  private closed(code: number): void {
    clearTimeout(this.ping);
    this.socket = null;
    if (this.stopped) return;
    switch (reaction(code)) {
      case 'login':
        this.stopped = true;
        this.options.onLink('closed');
        this.options.onSignedOut();
        return;
      case 'reload':
        this.stopped = true;
        this.options.onLink('reload');
        return;
      case 'wait':
        this.options.onLink('too_many');
        this.later(TOO_MANY_MS);
        return;
      case 'fresh':
        this.place = null;
        break;
      case 'resume':
        break;
    }
    this.options.onLink('lost');
    this.later(backoff(this.attempt++, this.options.random));
  }

  private later(ms: number): void {
    clearTimeout(this.retry);
    this.retry = setTimeout(() => this.connect(), ms);
  }

  private drop(): void {
    clearTimeout(this.ping);
    const socket = this.socket;
    this.socket = null;
    if (!socket) return;
    socket.onopen = socket.onmessage = socket.onclose = null;
    socket.close(1000);
  }
}
