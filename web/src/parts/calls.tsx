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
import type { Call } from '@/live/types';

type Shown = Pick<CallRecord, 'direction' | 'disposition' | 'state'>;

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

/** Outcome of a journal row or of a live call. */
export function outcomeFor(call: CallRecord | Call) {
  return outcomeOf({
    direction: call.direction,
    disposition: call.disposition,
    cause: call.cause,
    legs: call.legs,
  });
}
