import { Button, Group, NumberInput, SegmentedControl, Text } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import { api, send } from '@/api/client';
import type { MissedRules } from '@/api/types';
import { hoursFaults, officeWeek, splitNights, type Interval } from '@/parts/hours';
import { Section } from '@/parts/Section';
import { Failure, Lines } from '@/parts/States';
import { SaveBar, useDraft } from '@/parts/useDraft';
import { WeekHours } from '@/parts/WeekHours';
import { Holidays } from './Holidays';
import { officeHoursQuery } from './queries';

const MAX_MINUTES = 30 * 24 * 60;

const toDays = (rules: MissedRules): Interval[] => (rules.hours ?? []).map(({ weekday, from, to }) => ({ day: weekday, from, to }));
const fromDays = (hours: Interval[]): MissedRules['hours'] => hours.map(({ day, from, to }) => ({ weekday: day, from, to }));

/** By when a missed caller is to be called back (AF-02). */
export function MissedRulesForm() {
  const { t } = useTranslation();
  const office = useQuery(officeHoursQuery);
  const draft = useDraft<MissedRules>({
    queryKey: ['settings', 'missed-calls'],
    read: (signal) => send(api.GET('/settings/missed-calls', { signal })),
    write: (body) => send(api.PUT('/settings/missed-calls', { body })),
  });
  const { query, value, change } = draft;
  if (query.error) return <Failure error={query.error} onRetry={() => void query.refetch()} />;
  if (!value) return <Lines count={5} />;
  const hours = toDays(value);
  const badTerm = !Number.isInteger(value.minutes) || value.minutes < 1 || value.minutes > MAX_MINUTES;
  const ofOffice = splitNights(office.data?.hours ?? []);
  return (
    <Section title={t('missed_rules.title')} text={t('missed_rules.text')}>
      <NumberInput
        maw={260}
        label={t('missed_rules.minutes')}
        description={t('missed_rules.minutes_hint')}
        error={badTerm ? t('missed_rules.bad_minutes', { max: MAX_MINUTES }) : undefined}
        allowDecimal={false}
        allowNegative={false}
        value={value.minutes || ''}
        onChange={(minutes) => change({ minutes: Number(minutes) })}
      />
      <div>
        <Text size="sm" fw={500} mb={4}>
          {t('missed_rules.hours')}
        </Text>
        <Group mb="sm" gap="sm">
          <SegmentedControl
            aria-label={t('missed_rules.hours')}
            value={hours.length === 0 ? 'always' : 'week'}
            onChange={(mode) => change({ hours: mode === 'always' ? [] : fromDays(ofOffice.length > 0 ? ofOffice : officeWeek) })}
            data={(['always', 'week'] as const).map((mode) => ({ value: mode, label: t(`hours.${mode}`) }))}
          />
          {ofOffice.length > 0 && (
            <Button variant="subtle" size="compact-sm" onClick={() => change({ hours: fromDays(ofOffice) })}>
              {t('missed_rules.like_office')}
            </Button>
          )}
        </Group>
        {hours.length > 0 && <WeekHours split label={t('missed_rules.hours')} value={hours} onChange={(next) => change({ hours: fromDays(next) })} />}
      </div>
      <Holidays value={value.holidays ?? []} onChange={(holidays) => change({ holidays })} />
      <SaveBar draft={draft} invalid={badTerm || hoursFaults(hours, true).size > 0} />
    </Section>
  );
}
