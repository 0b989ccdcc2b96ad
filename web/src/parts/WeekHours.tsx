import { ActionIcon, Button, Group, Stack, Text, TextInput } from '@mantine/core';
import { IconCopy, IconPlus, IconX } from '@tabler/icons-react';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { hoursFaults, likeFirst, officeDay, readTime, weekdays, type Interval } from './hours';
import { useNarrow } from './useNarrow';
import { useWeekdays } from './useWeekdays';
import classes from './WeekHours.module.css';

interface Props {
  label: string;
  value: Interval[];
  onChange: (hours: Interval[]) => void;
  /** What goes past midnight has to be written as two days. */
  split?: boolean;
}

/** Working hours of a week: any number of intervals a day. */
export function WeekHours({ label, value, onChange, split }: Props) {
  const { t } = useTranslation();
  const narrow = useNarrow();
  const names = useWeekdays();
  const short = useWeekdays('short');
  const faults = hoursFaults(value, split);
  const replace = (index: number, change: Partial<Interval>) => onChange(value.map((each, i) => (i === index ? { ...each, ...change } : each)));
  return (
    <div role="group" aria-label={label}>
      {weekdays.map((day) => {
        const name = names[day - 1] ?? '';
        const own = value.map((each, index) => ({ ...each, index })).filter((each) => each.day === day);
        return (
          <div key={day} className={classes.day}>
            <span className={classes.name}>{narrow ? short[day - 1] : name}</span>
            {own.length === 0 ? (
              <span className={classes.free}>{t('hours.day_off')}</span>
            ) : (
              <Stack gap={6}>
                {own.map(({ index, from, to }) => (
                  <div key={index}>
                    <Group gap={6} wrap="nowrap">
                      <TimeField label={t('hours.from', { day: name })} value={from} wrong={faults.has(index)} onChange={(time) => replace(index, { from: time })} />
                      <span aria-hidden>–</span>
                      <TimeField label={t('hours.to', { day: name })} value={to} wrong={faults.has(index)} onChange={(time) => replace(index, { to: time })} />
                      <ActionIcon
                        variant="subtle"
                        color="gray"
                        aria-label={t('hours.remove', { day: name, from, to })}
                        onClick={() => onChange(value.filter((_, i) => i !== index))}
                      >
                        <IconX size={16} />
                      </ActionIcon>
                    </Group>
                    {faults.has(index) && (
                      <Text size="xs" c="var(--mantine-color-error)" mt={2} role="alert">
                        {t(`hours.fault.${faults.get(index) ?? 'time'}`)}
                      </Text>
                    )}
                  </div>
                ))}
              </Stack>
            )}
            <ActionIcon
              variant="subtle"
              size={36}
              aria-label={t('hours.add', { day: name })}
              onClick={() => onChange([...value, { day, ...(own.length === 0 ? officeDay : { from: '', to: '' }) }])}
            >
              <IconPlus size={17} />
            </ActionIcon>
          </div>
        );
      })}
      {value.some((each) => each.day <= 5) && faults.size === 0 && (
        <Button variant="subtle" size="compact-sm" mt="xs" leftSection={<IconCopy size={15} />} onClick={() => onChange(likeFirst(value))}>
          {t('hours.like_first')}
        </Button>
      )}
    </div>
  );
}

interface TimeProps {
  label: string;
  value: string;
  wrong: boolean;
  onChange: (time: string) => void;
}

// A time counts as soon as it is one; a wrong one is told when the field is left.
function TimeField({ label, value, wrong, onChange }: TimeProps) {
  const [typed, setTyped] = useState<string | null>(null);
  return (
    <TextInput
      className={classes.time}
      classNames={{ input: 'tabular' }}
      aria-label={label}
      placeholder="09:00"
      inputMode="numeric"
      maxLength={5}
      error={wrong}
      value={typed ?? value}
      onChange={(event) => {
        const text = event.currentTarget.value;
        setTyped(text);
        const time = readTime(text);
        if (time) onChange(time);
      }}
      onBlur={() => {
        if (typed === null) return;
        onChange(readTime(typed) ?? typed);
        setTyped(null);
      }}
    />
  );
}
