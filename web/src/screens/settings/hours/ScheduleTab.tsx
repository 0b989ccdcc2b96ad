import { Stack } from '@mantine/core';
import { useMe } from '@/app/session';
import { Absences } from './Absences';
import { ScheduleForm } from './ScheduleForm';

/** The user's own working hours, deputy and absences. */
export function ScheduleTab() {
  const me = useMe();
  return (
    <Stack maw={760}>
      <Absences userId={me.id} />
      <ScheduleForm userId={me.id} />
    </Stack>
  );
}
