import type { Absence, Body } from '@/api/types';
import { dayAfter, dayKey, instantIn } from '@/format/time';

export const absenceKinds = ['vacation', 'illness', 'trip', 'other'] as const;

/** An absence as it is filled in: days in the office's zone, the last one included; no time is the whole day. */
export interface AbsenceForm {
  kind: (typeof absenceKinds)[number];
  fromDay: string;
  fromTime: string;
  toDay: string;
  toTime: string;
  deputyId: string | null;
  note: string;
}

export type AbsenceFault = 'need_day' | 'ends_before' | 'too_long';

const LONGEST_MS = 3 * 366 * 86_400_000;

function span(form: AbsenceForm, zone: string): { from: Date; to: Date } {
  return {
    from: instantIn(zone, form.fromDay, form.fromTime || '00:00'),
    to: form.toTime ? instantIn(zone, form.toDay, form.toTime) : instantIn(zone, dayAfter(form.toDay)),
  };
}

export function absenceFaults(form: AbsenceForm, zone: string): { fromDay?: AbsenceFault; toDay?: AbsenceFault } {
  if (!form.fromDay) return { fromDay: 'need_day' };
  if (!form.toDay) return { toDay: 'need_day' };
  const { from, to } = span(form, zone);
  if (to <= from) return { toDay: 'ends_before' };
  return to.getTime() - from.getTime() > LONGEST_MS ? { toDay: 'too_long' } : {};
}

export function absenceBody(form: AbsenceForm, zone: string): Body<'/users/{id}/absences', 'post'> {
  const { from, to } = span(form, zone);
  return {
    kind: form.kind,
    from_at: from.toISOString(),
    to_at: to.toISOString(),
    deputy_id: form.deputyId ? Number(form.deputyId) : undefined,
    note: form.note.trim() || undefined,
  };
}

/** First and last day of an absence of whole days; null where it begins or ends within one. */
export function wholeDays(absence: Pick<Absence, 'from_at' | 'to_at'>, zone: string): { first: string; last: string } | null {
  const first = dayKey(new Date(absence.from_at), zone);
  const back = dayKey(new Date(absence.to_at), zone);
  const whole = [absence.from_at, absence.to_at].every((at, index) => instantIn(zone, index === 0 ? first : back).getTime() === Date.parse(at));
  return whole ? { first, last: dayAfter(back, -1) } : null;
}
