import { Button, Group, Pill, Text, TextInput } from '@mantine/core';
import { IconPlus } from '@tabler/icons-react';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useFormat } from '@/format/useFormat';

/** Days without work, as 2026-12-31. */
export function Holidays({ value, onChange }: { value: string[]; onChange: (days: string[]) => void }) {
  const { t } = useTranslation();
  const format = useFormat();
  const [day, setDay] = useState('');
  const add = () => {
    if (!day) return;
    onChange([...new Set([...value, day])].sort());
    setDay('');
  };
  return (
    <div role="group" aria-label={t('holidays.title')}>
      <Group align="flex-end" gap="sm" mb="xs">
        <TextInput
          type="date"
          label={t('holidays.title')}
          description={t('holidays.text')}
          value={day}
          onChange={(event) => setDay(event.currentTarget.value)}
          onKeyDown={(event) => event.key === 'Enter' && add()}
        />
        <Button variant="default" leftSection={<IconPlus size={16} />} disabled={!day} onClick={add}>
          {t('action.add')}
        </Button>
      </Group>
      {value.length === 0 ? (
        <Text size="sm" c="dimmed">
          {t('holidays.none')}
        </Text>
      ) : (
        <Group gap={6}>
          {value.map((each) => (
            <Pill
              key={each}
              size="md"
              withRemoveButton
              removeButtonProps={{ 'aria-label': t('holidays.remove', { day: format.date(each) }), 'aria-hidden': false, tabIndex: 0 }}
              onRemove={() => onChange(value.filter((other) => other !== each))}
            >
              {format.date(each)}
            </Pill>
          ))}
        </Group>
      )}
    </div>
  );
}
