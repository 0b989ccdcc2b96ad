import { describe, expect, it } from 'vitest';
import { absenceBody, absenceFaults, wholeDays, type AbsenceForm } from './absence';

const zone = 'Europe/Moscow';
const form: AbsenceForm = { kind: 'vacation', fromDay: '2026-12-01', fromTime: '', toDay: '2026-12-14', toTime: '', deputyId: '7', note: ' море ' };

describe('LU-07 an absence', () => {
  it('of whole days ends when the last of them is over in the office', () => {
    const body = absenceBody(form, zone);
    expect(body).toEqual({ kind: 'vacation', from_at: '2026-11-30T21:00:00.000Z', to_at: '2026-12-14T21:00:00.000Z', deputy_id: 7, note: 'море' });
    expect(wholeDays(body, zone)).toEqual({ first: '2026-12-01', last: '2026-12-14' });
  });
  it('of hours begins and ends at them', () => {
    const body = absenceBody({ ...form, toDay: '2026-12-01', fromTime: '14:00', toTime: '16:30', deputyId: null, note: '' }, zone);
    expect(body).toEqual({ kind: 'vacation', from_at: '2026-12-01T11:00:00.000Z', to_at: '2026-12-01T13:30:00.000Z' });
    expect(wholeDays(body, zone)).toBeNull();
  });
  it.each([
    [{}, {}],
    [{ fromDay: '' }, { fromDay: 'need_day' }],
    [{ toDay: '' }, { toDay: 'need_day' }],
    [{ toDay: '2026-11-30' }, { toDay: 'ends_before' }],
    [{ toDay: '2026-12-01', fromTime: '14:00', toTime: '14:00' }, { toDay: 'ends_before' }],
    [{ toDay: '2062-12-01' }, { toDay: 'too_long' }],
  ] as [Partial<AbsenceForm>, object][])('with %j has the faults %j', (change, faults) => {
    expect(absenceFaults({ ...form, ...change }, zone)).toEqual(faults);
  });
});
