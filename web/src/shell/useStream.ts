import { useQueryClient } from '@tanstack/react-query';
import { useEffect, useRef } from 'react';
import { endSession, meQuery } from '@/app/session';
import { Stream } from '@/live/socket';
import { useLive } from '@/live/store';

/** Keeps the page's one connection to the stream while somebody is signed in. */
export function useStream(): { retryNow: () => void } {
  const cache = useQueryClient();
  const stream = useRef<Stream | null>(null);
  useEffect(() => {
    const live = useLive.getState();
    const scheme = location.protocol === 'https:' ? 'wss' : 'ws';
    const current = new Stream({
      url: `${scheme}://${location.host}/api/v1/stream`,
      onFrame: (frame) => {
        live.apply(frame);
        if (frame.type === 'snapshot') cache.setQueryData(meQuery.queryKey, frame.data.me);
      },
      onLink: (link) => {
        live.setLink(link);
        // a refused upgrade looks like a lost line: /me tells an ended session
        if (link === 'lost') void cache.invalidateQueries({ queryKey: meQuery.queryKey });
      },
      onSignedOut: () => endSession(cache),
    });
    stream.current = current;
    current.start();
    const hurry = () => current.hurry();
    window.addEventListener('online', hurry);
    return () => {
      window.removeEventListener('online', hurry);
      current.stop();
      live.reset();
    };
  }, [cache]);
  return { retryNow: () => stream.current?.hurry() };
}
