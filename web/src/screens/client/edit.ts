import type { ClientCard, ClientPatch } from '@/api/types';

export const fields = [
  'name',
  'kind',
  'full_name',
  'activity',
  'responsible_id',
  'group_id',
  'potential',
  'city',
  'source',
  'relation_type',
  'note',
] as const;
export type Field = (typeof fields)[number];

/** The card's facts as a form holds them: selects have text values. */
export interface Values {
  name: string;
  kind: ClientCard['kind'];
  full_name: string;
  activity: string;
  responsible_id: string | null;
  group_id: string | null;
  potential: number | '';
  city: string;
  source: string;
  relation_type: string;
  note: string;
}

export function toValues(card: ClientCard): Values {
  return {
    name: card.name,
    kind: card.kind,
    full_name: card.full_name ?? '',
    activity: card.activity ?? '',
    responsible_id: card.responsible_id ? String(card.responsible_id) : null,
    group_id: card.group_id ? String(card.group_id) : null,
    potential: card.potential ?? '',
    city: card.city ?? '',
    source: card.source ?? '',
    relation_type: card.relation_type ?? '',
    note: card.note ?? '',
  };
}

export function differences(from: Values, to: Values): Field[] {
  return fields.filter((field) => from[field] !== to[field]);
}

/** Only what the user changed is sent, so that others' changes stay. */
export function toPatch(from: Values, to: Values): ClientPatch {
  const changed = new Set(differences(from, to));
  const text = (field: 'full_name' | 'activity' | 'city' | 'source' | 'relation_type' | 'note' | 'name') =>
    changed.has(field) ? { [field]: to[field].trim() } : {};
  const id = (value: string | null) => (value ? Number(value) : null);
  return {
    ...text('name'),
    ...text('full_name'),
    ...text('activity'),
    ...text('city'),
    ...text('source'),
    ...text('relation_type'),
    ...text('note'),
    ...(changed.has('kind') && { kind: to.kind }),
    ...(changed.has('responsible_id') && { responsible_id: id(to.responsible_id) }),
    ...(changed.has('group_id') && { group_id: id(to.group_id) }),
    ...(changed.has('potential') && { potential: to.potential === '' ? null : to.potential }),
  };
}
