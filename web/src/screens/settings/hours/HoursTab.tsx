import { SegmentedControl, Stack } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import { api, send } from '@/api/client';
import { hoursFaults, officeWeek } from '@/parts/hours';
import { Section } from '@/parts/Section';
import { Failure, Lines } from '@/parts/States';
import { SaveBar, useDraft } from '@/parts/useDraft';
import { WeekHours } from '@/parts/WeekHours';
import { MissedRulesForm } from './MissedRulesForm';
import { officeHoursQuery } from './queries';

/** When the office works, and by when missed callers are called back (LU-07, AF-02). */
export function HoursTab() {
  return (
    <Stack maw={760}>
      <OfficeHours />
      <MissedRulesForm />
    </Stack>
  );
}

function OfficeHours() {
  const { t } = useTranslation();
  const draft = useDraft({
    queryKey: officeHoursQuery.queryKey,
    read: (signal) => send(api.GET('/office-hours', { signal })),
    write: (body) => send(api.PUT('/office-hours', { body })),
  });
  const { query, value, change } = draft;
  const hours = value?.hours ?? [];
  return (
    <Section title={t('hours.office')} text={t('hours.office_text')}>
      {query.error ? (
        <Failure error={query.error} onRetry={() => void query.refetch()} />
      ) : !value ? (
        <Lines count={5} />
      ) : (
        <div>
          <SegmentedControl
            mb="sm"
            aria-label={t('hours.office')}
            value={hours.length === 0 ? 'always' : 'week'}
            onChange={(mode) => change({ hours: mode === 'always' ? [] : officeWeek })}
            data={(['always', 'week'] as const).map((mode) => ({ value: mode, label: t(`hours.${mode}`) }))}
          />
          {hours.length > 0 && <WeekHours label={t('hours.office')} value={hours} onChange={(next) => change({ hours: next })} />}
          <SaveBar draft={draft} invalid={hoursFaults(hours).size > 0} />
        </div>
      )}
    </Section>
  );
}
