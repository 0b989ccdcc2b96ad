/** A quiet two-tone ring made in the browser: no sound file to load. */
export class Bell {
  private context: AudioContext | null = null;
  private timer: ReturnType<typeof setInterval> | undefined;

  start(): void {
    if (this.timer !== undefined) return;
    this.strike();
    this.timer = setInterval(() => this.strike(), 3_000);
  }

  stop(): void {
    clearInterval(this.timer);
    this.timer = undefined;
  }

  private strike(): void {
    // A page stays silent until its first click; asking earlier only fills the log.
    if (!this.context && !navigator.userActivation?.hasBeenActive) return;
    try {
      this.context ??= new AudioContext();
      const { context } = this;
      if (context.state === 'suspended') void context.resume().catch(() => undefined);
      [0, 0.25].forEach((offset, index) => {
        const tone = context.createOscillator();
        const volume = context.createGain();
        const at = context.currentTime + offset;
        tone.frequency.value = index === 0 ? 659 : 784;
        volume.gain.setValueAtTime(0.0001, at);
        volume.gain.exponentialRampToValueAtTime(0.12, at + 0.03);
        volume.gain.exponentialRampToValueAtTime(0.0001, at + 0.24);
        tone.connect(volume).connect(context.destination);
        tone.start(at);
        tone.stop(at + 0.25);
      });
    } catch {
      this.stop();
    }
  }
}
