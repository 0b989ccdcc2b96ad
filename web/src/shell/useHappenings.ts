import { notifications } from '@mantine/notifications';
import { useQueryClient } from '@tanstack/react-query';
import { useEffect, useRef } from 'react';
import { useTranslation } from 'react-i18next';
import { useNavigate } from 'react-router';
import { api, send } from '@/api/client';
import { usePopSettings } from '@/app/popSettings';
import { useMe } from '@/app/session';
import { genderOf } from '@/format/text';
import { Bell } from '@/live/bell';
import { incoming, taker, type Happening } from '@/live/reduce';
import { onHappening, useLive } from '@/live/store';
import { Tabs } from '@/live/tabs';
import type { Call } from '@/live/types';

/** Name or number by which the user knows the other side of a call. */
export function otherSide(call: Pick<Call, 'client' | 'number' | 'caller_name'>, anonymous: string): string {
  if (call.client) return call.client.person_name || call.client.name;
  if (call.number.kind === 'anonymous') return anonymous;
  return call.number.display || call.caller_name || call.number.raw;
}

const WRITTEN_MS = 2_000;

/** Sound, desktop notification, toasts and refetches that calls bring. */
export function useHappenings(): { dismiss: (id: string) => void } {
  const { t } = useTranslation();
  const me = useMe();
  const cache = useQueryClient();
  const navigate = useNavigate();
  const tabs = useRef<Tabs | null>(null);
  const bell = useRef<Bell | null>(null);
  const { mode, sound, notify: desktop, open_card: opens } = usePopSettings();

  useEffect(() => {
    const current = new Tabs((message) => useLive.getState().dismiss(message.id));
    const own = new Bell();
    tabs.current = current;
    bell.current = own;
    return () => {
      own.stop();
      current.close();
    };
  }, []);

  // The bell follows the state, not the messages: it stops with the last ringing call.
  const ringing = useLive((state) => Object.values(state.calls).some((call) => incoming(call, me.id)));
  useEffect(() => {
    if (ringing && sound && tabs.current?.leader) bell.current?.start();
    else bell.current?.stop();
  }, [ringing, sound]);

  useEffect(() => {
    const timers = new Set<ReturnType<typeof setTimeout>>();
    const now = (call: Call) => {
      void cache.invalidateQueries({ queryKey: ['calls'] });
      if (call.client) void cache.invalidateQueries({ queryKey: ['client', call.client.id] });
    };
    // the record is written right after the message: look now, and once more
    const refresh = (call: Call) => {
      now(call);
      const timer = setTimeout(() => {
        timers.delete(timer);
        now(call);
      }, WRITTEN_MS);
      timers.add(timer);
    };
    const off = onHappening((happening: Happening) => {
      const { call, kind } = happening;
      const name = otherSide(call, t('call.anonymous'));
      switch (kind) {
        case 'ringing':
          if (desktop && tabs.current?.leader) notify(name, call, t('call.incoming'));
          if (opens === 'ring') void navigate('/');
          return;
        case 'answered':
          if (mode === 'answer' || opens !== 'never') void navigate('/');
          return;
        case 'taken':
          notifications.show({
            color: 'gray',
            message: t('call.taken_by', {
              name: taker(call),
              context: genderOf(taker(call)),
            }),
            title: name,
            autoClose: 5000,
          });
          return;
        case 'missed':
          notifications.show({ color: 'red', title: t('call.missed_toast'), message: name, autoClose: 8000 });
          refresh(call);
          return;
        case 'ended':
          refresh(call);
          return;
        case 'lost':
          settle(call);
          return;
      }
    });
    return () => {
      off();
      timers.forEach((timer) => clearTimeout(timer));
    };
  }, [t, cache, navigate, mode, desktop, opens]);

  return {
    dismiss: (id) => {
      useLive.getState().dismiss(id);
      tabs.current?.tell({ type: 'dismiss', id });
    },
  };
}

// The stream does not know the call any more: the journal tells how it ended.
function settle(call: Call): void {
  send(api.GET('/calls/{id}', { params: { path: { id: call.id } } }))
    .then((record) => {
      const { state, disposition, cause, answered_at, ended_at, talk_ms, wait_ms } = record;
      useLive.getState().settle({
        ...call,
        state,
        disposition: disposition ?? call.disposition,
        cause,
        answered_at: answered_at ?? null,
        ended_at: ended_at ?? null,
        talk_ms,
        wait_ms,
        version: call.version + 1,
      });
    })
    .catch(() => useLive.getState().dismiss(call.id));
}

function notify(name: string, call: Call, title: string): void {
  if (typeof Notification === 'undefined' || Notification.permission !== 'granted') return;
  const shown = new Notification(`${title}: ${name}`, {
    body: [call.client?.name, call.number.display, call.queue].filter(Boolean).join(' · '),
    tag: call.id,
  });
  shown.onclick = () => {
    window.focus();
    shown.close();
  };
}
