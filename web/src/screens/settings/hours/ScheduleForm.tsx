import { Alert, SegmentedControl, Select } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import { api, send } from '@/api/client';
import type { Schedule } from '@/api/types';
import { usersQuery } from '@/parts/clientQueries';
import { hoursFaults, officeWeek } from '@/parts/hours';
import { Section } from '@/parts/Section';
import { Failure, Lines } from '@/parts/States';
import { SaveBar, useDraft } from '@/parts/useDraft';
import { WeekHours } from '@/parts/WeekHours';
import { officeHoursQuery } from './queries';

/** When a user takes calls of his clients, and who does instead (LU-07). */
export function ScheduleForm({ userId }: { userId: number }) {
  const { t } = useTranslation();
  const path = { params: { path: { id: userId } } };
  const users = useQuery(usersQuery);
  const office = useQuery(officeHoursQuery);
  const draft = useDraft<Schedule>({
    queryKey: ['user', userId, 'schedule'],
    read: (signal) => send(api.GET('/users/{id}/schedule', { ...path, signal })),
    write: (body) => send(api.PUT('/users/{id}/schedule', { ...path, body })),
  });
  const { query, value, change } = draft;
  if (query.error) return <Failure error={query.error} onRetry={() => void query.refetch()} />;
  if (!value) return <Lines count={4} />;
  const hours = value.hours ?? [];
  const toOwn = () => (office.data?.hours?.length ? office.data.hours : officeWeek);
  return (
    <Section title={t('schedule.title')} text={t('schedule.text')}>
      <div>
        <SegmentedControl
          aria-label={t('schedule.title')}
          value={value.own_hours ? 'own' : 'office'}
          onChange={(mode) => change(mode === 'own' ? { own_hours: true, hours: toOwn() } : { own_hours: false, hours: [] })}
          data={(['office', 'own'] as const).map((mode) => ({ value: mode, label: t(`schedule.${mode}`) }))}
        />
      </div>
      {value.own_hours && <WeekHours label={t('schedule.title')} value={hours} onChange={(next) => change({ hours: next })} />}
      {value.own_hours && hours.length === 0 && (
        <Alert color="orange" p="sm">
          {t('schedule.never')}
        </Alert>
      )}
      <Select
        maw={380}
        label={t('schedule.deputy')}
        description={t('schedule.deputy_text')}
        placeholder={t('schedule.no_deputy')}
        clearable
        searchable
        data={(users.data?.items ?? []).filter((user) => user.id !== userId).map((user) => ({ value: String(user.id), label: user.name }))}
        value={value.deputy_id ? String(value.deputy_id) : null}
        onChange={(id) => change({ deputy_id: id ? Number(id) : undefined })}
      />
      <SaveBar draft={draft} invalid={hoursFaults(hours).size > 0} />
    </Section>
  );
}
