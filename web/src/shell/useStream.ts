import { notifications } from '@mantine/notifications';
import { useQueryClient, type QueryClient } from '@tanstack/react-query';
import i18next from 'i18next';
import { createElement, useEffect, useRef } from 'react';
import { endSession, meQuery } from '@/app/session';
import { Stream } from '@/live/socket';
import { useLive } from '@/live/store';
import type { Frame } from '@/live/types';
import { tellFailure } from './recordingFailure';

/** A browser opens no window by itself: the page of the other CRM is a click away. */
function offerLink(url: string) {
  notifications.show({
    message: createElement('a', { href: url, target: '_blank', rel: 'noopener noreferrer' }, i18next.t('call.open_link')),
    autoClose: 15_000,
  });
}

/** What queries have of a thing that changed is asked for again. */
function refresh(cache: QueryClient, frame: Frame) {
  switch (frame.type) {
    case 'snapshot': // anything may have changed while the line was down
      for (const key of ['recordings', 'queues', 'obligations', 'pop-settings']) void cache.invalidateQueries({ queryKey: [key] });
      break;
    case 'recording':
      void cache.invalidateQueries({ queryKey: ['recordings', frame.data.call_id] });
      tellFailure(frame.data);
      break;
    case 'link':
      offerLink(frame.data.url);
      break;
    case 'queue':
      void cache.invalidateQueries({ queryKey: ['queues'] });
      break;
    case 'obligation':
      void cache.invalidateQueries({ queryKey: ['obligations'] });
      void cache.invalidateQueries({ queryKey: ['calls', 'summary'] });
      break;
    default:
  }
}

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
        refresh(cache, frame);
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
