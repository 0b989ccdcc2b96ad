import { useCallback, useEffect, useRef, useState } from 'react';

export type SaveState = 'idle' | 'typing' | 'saving' | 'saved' | 'failed';

const PAUSE_MS = 700;
const RETRY_MS = 5_000;

/**
 * A text that saves itself after a pause, on blur and when its field goes
 * away. One request at a time; a failed one is tried again until it holds.
 */
export function useAutosave(initial: string, save: (text: string) => Promise<unknown>) {
  const [value, setText] = useState(initial);
  const [state, setState] = useState<SaveState>('idle');
  const latest = useRef({ text: initial, saved: initial, busy: false, save });
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  useEffect(() => {
    latest.current.save = save;
  });

  const flush = useCallback(() => {
    const now = latest.current;
    const step = () => {
      clearTimeout(timer.current);
      if (now.busy || now.text === now.saved) return;
      const text = now.text;
      now.busy = true;
      setState('saving');
      now.save(text).then(
        () => {
          now.busy = false;
          now.saved = text;
          if (now.text === text) setState('saved');
          else step();
        },
        () => {
          now.busy = false;
          setState('failed');
          timer.current = setTimeout(step, RETRY_MS);
        },
      );
    };
    step();
  }, []);

  useEffect(() => flush, [flush]);

  const setValue = useCallback(
    (text: string) => {
      setText(text);
      setState('typing');
      latest.current.text = text;
      clearTimeout(timer.current);
      timer.current = setTimeout(flush, PAUSE_MS);
    },
    [flush],
  );
  return { value, setValue, state, flush };
}
