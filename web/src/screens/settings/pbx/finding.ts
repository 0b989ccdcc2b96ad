import type { TFunction } from 'i18next';
import type { Finding } from '@/api/types';

interface FindingText {
  check: string;
  seen: string;
  /** What to do; empty: nothing. */
  change: string;
  /** Words of the PBX or the system, as they came. */
  error: string;
}

/** Key of a finding's texts. */
export const findingKey = (id: string): string => id.replaceAll('.', '_');

/**
 * A finding in the user's language. What the page has no text for, or not all
 * values of, stays as the server wrote it.
 */
export function findingText(t: TFunction, finding: Finding): FindingText {
  const part = (name: 'check' | 'ok' | 'bad' | 'change', server: string) => {
    const text = t(`doctor.finding.${findingKey(finding.id)}.${name}` as 'doctor.finding.ari.check', { ...finding.params, defaultValue: '' });
    return text && !text.includes('{{') ? text : server;
  };
  const seen = part(finding.level === 'ok' ? 'ok' : 'bad', finding.seen);
  const error = finding.params?.error;
  return {
    check: part('check', finding.check),
    seen,
    change: finding.change ? part('change', finding.change) : '',
    error: error && !seen.includes(error) ? t('doctor.detail', { error }) : '',
  };
}
