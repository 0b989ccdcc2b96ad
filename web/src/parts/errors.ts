import { notifications } from '@mantine/notifications';
import { useCallback } from 'react';
import { useTranslation } from 'react-i18next';
import { ApiError } from '@/api/error';

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
  'expired',
  'call_not_found',
] as const;

/** Text for the user: by the server's stable code, then its own words. */
export function useErrorText(): (error: unknown) => string {
  const { t } = useTranslation();
  return useCallback(
    (error) => {
      if (!(error instanceof ApiError)) return t('error.unknown');
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
