import { useMemo } from 'react';
import { useTranslation } from 'react-i18next';

const MONDAY = Date.UTC(2024, 0, 1);
const DAY = 86_400_000;

/** Names of the weekdays from Monday on, in the user's language. */
export function useWeekdays(form: 'long' | 'short' = 'long'): string[] {
  const { i18n } = useTranslation();
  return useMemo(() => {
    const format = new Intl.DateTimeFormat(i18n.language, { weekday: form, timeZone: 'UTC' });
    return Array.from({ length: 7 }, (_, index) => {
      const name = format.format(MONDAY + index * DAY);
      return name.charAt(0).toUpperCase() + name.slice(1);
    });
  }, [i18n.language, form]);
}
