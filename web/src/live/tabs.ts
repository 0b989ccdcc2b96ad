type Message = { type: 'dismiss'; id: string };

/**
 * The tabs of one browser. One holds the lock `ringcard-bell` and only that
 * one rings and shows desktop notifications (PU-05); when it is closed the
 * browser gives the lock to the next.
 */
export class Tabs {
  private readonly channel: BroadcastChannel | null;
  private leads: boolean;
  private release: (() => void) | undefined;
  private readonly abort = new AbortController();

  constructor(onMessage: (message: Message) => void) {
    this.channel = typeof BroadcastChannel === 'undefined' ? null : new BroadcastChannel('ringcard');
    if (this.channel) {
      this.channel.onmessage = (event: MessageEvent<Message>) => onMessage(event.data);
    }
    // Web Locks exist only in a secure context; without them every tab rings.
    const locks = typeof navigator === 'undefined' ? undefined : (navigator.locks as LockManager | undefined);
    this.leads = locks === undefined;
    locks
      ?.request('ringcard-bell', { signal: this.abort.signal }, () => {
        this.leads = true;
        return new Promise<void>((resolve) => (this.release = resolve));
      })
      .catch(() => undefined);
  }

  /** Is this the tab that rings? */
  get leader(): boolean {
    return this.leads;
  }

  tell(message: Message): void {
    this.channel?.postMessage(message);
  }

  close(): void {
    this.abort.abort();
    this.release?.();
    this.channel?.close();
    this.leads = false;
  }
}
