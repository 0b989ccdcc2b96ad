import { expect, it } from 'vitest';
import { differences, toPatch, type Values } from './edit';

const base: Values = {
  name: 'ООО «Ромашка»',
  kind: 'company',
  full_name: '',
  activity: '',
  responsible_id: '2',
  group_id: null,
  potential: 60,
  city: 'Москва',
  source: '',
  relation_type: '',
  note: '',
};

it('CC-08 sends only what the user changed', () => {
  expect(toPatch(base, { ...base, city: ' Кола ', group_id: '3', responsible_id: null })).toEqual({
    city: 'Кола',
    group_id: 3,
    responsible_id: null,
  });
  expect(toPatch(base, base)).toEqual({});
});

it('an emptied potential is unset, zero stays zero', () => {
  expect(toPatch(base, { ...base, potential: '' })).toEqual({ potential: null });
  expect(toPatch(base, { ...base, potential: 0 })).toEqual({ potential: 0 });
});

it('names the fields that another user changed', () => {
  expect(differences(base, { ...base, potential: 90, city: 'Апатиты' })).toEqual(['potential', 'city']);
});
