import { notifications } from '@mantine/notifications';
import { useCallback } from 'react';
import { useTranslation } from 'react-i18next';
import { ApiError } from '@/api/error';
import type { ru } from '@/i18n/ru';

const codes: Record<keyof typeof ru.reason, true> = {
  forbidden: true,
  number_not_allowed: true,
  do_not_call: true,
  outside_hours: true,
  target_offline: true,
  call_over: true,
  not_talking: true,
  already_held: true,
  held_at_phone: true,
  not_held: true,
  already_muted: true,
  not_muted: true,
  consulting: true,
  no_consultation: true,
  consultation_rings: true,
  not_ringing: true,
  rings_at_you: true,
  own_call: true,
  all_talk: true,
  command_running: true,
  not_recorded: true,
  queue_not_found: true,
  not_a_member: true,
  static_member: true,
  not_supervising: true,
  no_effect: true,
  needs_ami: true,
  needs_ami_or_context: true,
  unsupported_by_pbx: true,
  not_possible_on_sip: true,
};

const known = [
  'network',
  'unauthorized',
  'forbidden',
  'not_found',
  'invalid',
  'conflict',
  'duplicate',
  'gone',
  'too_many',
  'unavailable',
  'no_device',
  'device_busy',
  'device_unregistered',
  'pbx_unreachable',
  'pbx_refused',
  'pbx_access_denied',
  'pbx_conflict',
  'expired',
  'call_not_found',
  'recording_state',
] as const;

/** Codes of commands to calls; they have texts of their own. */
function hasReason(code: string): code is keyof typeof ru.reason {
  return code !== 'forbidden' && code in codes;
}

/** Why something is impossible, by the server's stable code, else in its words. */
export function useReason(): (code?: string, text?: string) => string {
  const { t } = useTranslation();
  return useCallback(
    (code, text) => {
      if (code === 'forbidden' || (code && hasReason(code))) return t(`reason.${code as 'forbidden'}`);
      const other = known.find((each) => each === code);
      return other ? t(`error.${other}`) : text || t('error.unknown');
    },
    [t],
  );
}

/** Text for the user: by the server's stable code, then its own words. */
export function useErrorText(): (error: unknown) => string {
  const { t } = useTranslation();
  return useCallback(
    (error) => {
      if (!(error instanceof ApiError)) return t('error.unknown');
      if (hasReason(error.code)) return t(`reason.${error.code}`);
      const code = known.find((each) => each === error.code);
      if (code === 'invalid') return error.fields[0]?.message || error.message || t('error.invalid');
      return code ? t(`error.${code}`) : error.message || t('error.unknown');
    },
    [t],
  );
}

/** Shows a failed action as a toast. */
export function useToastError(): (error: unknown, title?: string) => void {
  const text = useErrorText();
  return useCallback(
    (error, title) => notifications.show({ color: 'red', title, message: text(error), autoClose: 8000 }),
    [text],
  );
}
