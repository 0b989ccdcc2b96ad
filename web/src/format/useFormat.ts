import { useMemo } from 'react';
import { useTranslation } from 'react-i18next';
import { useInfo } from '@/app/session';
import { daysAgo, parts } from './time';

/** Formatters for the user's language and the installation's time zone. */
export interface Format {
  timeZone: string;
  /** Вчера, 16:42 · 19.11, 09:15 · 19.11.2025, 09:15 */
  moment: (at: string | null | undefined) => string;
  /** The same within a sentence: вчера, 16:42 */
  within: (at: string | null | undefined) => string;
  time: (at: string) => string;
  /** 16:42:07, where seconds tell the order */
  clock: (at: string) => string;
  date: (at: string | null | undefined) => string;
  /** 4 мин 12 с */
  duration: (ms: number) => string;
  /** 12 480,50 ₽ from a decimal string */
  money: (amount: string | null | undefined) => string;
  number: (value: number) => string;
}

export function useFormat(): Format {
  const { t, i18n } = useTranslation();
  const timeZone = useInfo().time_zone;
  const language = i18n.language;
  return useMemo(() => {
    const locale = language === 'en' ? 'en-GB' : 'ru-RU';
    const as = (options: Intl.DateTimeFormatOptions) => new Intl.DateTimeFormat(locale, { timeZone, ...options });
    const time = as({ hour: '2-digit', minute: '2-digit' });
    const clock = as({ hour: '2-digit', minute: '2-digit', second: '2-digit' });
    const day = as(language === 'en' ? { day: 'numeric', month: 'short' } : { day: '2-digit', month: '2-digit' });
    const full = as(
      language === 'en'
        ? { day: 'numeric', month: 'short', year: 'numeric' }
        : { day: '2-digit', month: '2-digit', year: 'numeric' },
    );
    const year = as({ year: 'numeric' });
    const money = new Intl.NumberFormat(locale, { style: 'currency', currency: 'RUB', currencyDisplay: 'narrowSymbol' });
    const number = new Intl.NumberFormat(locale, { maximumFractionDigits: 2 });
    const moment = (at: string | null | undefined) => {
      if (!at) return '—';
      const date = new Date(at);
      const now = new Date();
      const ago = daysAgo(date, now, timeZone);
      const hour = time.format(date);
      if (ago === 0) return t('time.today', { clock: hour });
      if (ago === 1) return t('time.yesterday', { clock: hour });
      return `${(year.format(date) === year.format(now) ? day : full).format(date)}, ${hour}`;
    };
    return {
      timeZone,
      moment,
      within: (at) => {
        const text = moment(at);
        return text.charAt(0).toLowerCase() + text.slice(1);
      },
      time: (at) => time.format(new Date(at)),
      clock: (at) => clock.format(new Date(at)),
      // a date without a time is a calendar day, not an instant
      date: (at) => (at ? full.format(new Date(at.length === 10 ? `${at}T12:00:00Z` : at)) : '—'),
      duration: (ms) => {
        const { hours, minutes, seconds } = parts(ms);
        if (hours > 0) return t('time.h_m', { hours, minutes });
        return minutes > 0 ? t('time.m_s', { minutes, seconds }) : t('time.s', { seconds });
      },
      money: (amount) => (amount ? money.format(amount as Intl.StringNumericLiteral) : '—'),
      number: (value) => number.format(value),
    };
  }, [t, language, timeZone]);
}
