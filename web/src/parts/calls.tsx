import { ThemeIcon } from '@mantine/core';
import {
  IconArrowsLeftRight,
  IconPhoneCall,
  IconPhoneIncoming,
  IconPhoneOff,
  IconPhoneOutgoing,
  IconPhoneX,
  IconRecordMail,
  type Icon,
} from '@tabler/icons-react';
import { createElement } from 'react';
import type { CallRecord } from '@/api/types';
import { outcomeOf } from '@/live/stage';
import type { Leg } from '@/live/types';

interface Shown {
  direction: CallRecord['direction'];
  disposition?: string;
  state: string;
}

/** Nobody of the office spoke with the client. */
export function isMissed(call: Shown): boolean {
  return (
    call.direction === 'in' && call.state === 'ended' && call.disposition !== 'answered' && call.disposition !== 'voicemail'
  );
}

export function callIcon(call: Shown): Icon {
  if (call.state !== 'ended') return IconPhoneCall;
  if (call.disposition === 'voicemail') return IconRecordMail;
  if (isMissed(call)) return IconPhoneX;
  if (call.disposition !== 'answered') return IconPhoneOff;
  if (call.direction === 'internal') return IconArrowsLeftRight;
  return call.direction === 'in' ? IconPhoneIncoming : IconPhoneOutgoing;
}

export function callColor(call: Shown): string {
  if (call.state !== 'ended') return 'teal';
  if (isMissed(call)) return 'red';
  if (call.disposition !== 'answered') return 'orange';
  if (call.direction === 'internal') return 'gray';
  return call.direction === 'in' ? 'teal' : 'indigo';
}

export function CallGlyph({ call, size = 30 }: { call: Shown; size?: number }) {
  return (
    <ThemeIcon variant="light" color={callColor(call)} radius="50%" size={size} aria-hidden>
      {createElement(callIcon(call), { size: Math.round(size * 0.55), stroke: 1.8 })}
    </ThemeIcon>
  );
}

/** Outcome of a journal row, a live call, or a line of the history. */
export function outcomeFor(call: Shown & { cause?: number; legs?: unknown }) {
  return outcomeOf({ ...call, legs: legsOf(call) });
}

/** The legs of a record: the journal stores them as they came from the engine. */
export function legsOf(call: { legs?: unknown }): Leg[] {
  return Array.isArray(call.legs) ? (call.legs as Leg[]) : [];
}
