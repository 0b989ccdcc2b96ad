import type { Body } from '@/api/types';
import { masked } from '@/format/text';

/** What to dial: a number, or what names one that this user sees masked (PU-09). */
export type Reach = Pick<Body<'/calls', 'post'>, 'to' | 'phone_id' | 'call_id' | 'obligation_id'>;

/**
 * The number itself where it may be seen, else the record that names it: the
 * server reads the number from that.
 */
export function reach(number: { e164?: string; raw: string }, named: Omit<Reach, 'to'>): Reach {
  if (number.e164) return { to: number.e164 };
  return masked(number.raw) ? named : { to: number.raw };
}
