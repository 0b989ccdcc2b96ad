import { ActionIcon, Badge, Button, Group, Modal, Select, Stack, Text, Textarea, TextInput } from '@mantine/core';
import { notifications } from '@mantine/notifications';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { IconPlus, IconTrash } from '@tabler/icons-react';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { api, send } from '@/api/client';
import type { Absence } from '@/api/types';
import { useInfo } from '@/app/session';
import { useFormat } from '@/format/useFormat';
import { useNow } from '@/format/useNow';
import { usersQuery } from '@/parts/clientQueries';
import { useToastError } from '@/parts/errors';
import { Section } from '@/parts/Section';
import { Failure, Lines } from '@/parts/States';
import { absenceBody, absenceFaults, absenceKinds, wholeDays, type AbsenceForm } from './absence';

const colors: Record<Absence['kind'], string> = { vacation: 'teal', illness: 'orange', trip: 'indigo', other: 'gray' };

/** When a user is away; his clients' calls go to the deputy then (LU-07). */
export function Absences({ userId }: { userId: number }) {
  const { t } = useTranslation();
  const cache = useQueryClient();
  const fail = useToastError();
  const [adding, setAdding] = useState(false);
  const queryKey = ['user', userId, 'absences'];
  const { data, error, refetch } = useQuery({
    queryKey,
    queryFn: async ({ signal }) => (await send(api.GET('/users/{id}/absences', { params: { path: { id: userId } }, signal }))).items ?? [],
  });
  const changed = () => void cache.invalidateQueries({ queryKey });
  const restore = useMutation({
    mutationFn: ({ kind, from_at, to_at, deputy_id, note }: Absence) =>
      send(api.POST('/users/{id}/absences', { params: { path: { id: userId } }, body: { kind, from_at, to_at, deputy_id, note } })),
    onSuccess: changed,
    onError: (problem) => fail(problem),
  });
  const remove = useMutation({
    mutationFn: (absence: Absence) =>
      send(api.DELETE('/users/{id}/absences/{absence_id}', { params: { path: { id: userId, absence_id: absence.id } } })),
    onSuccess: (_, absence) => {
      changed();
      const id = `absence-${absence.id}`;
      notifications.show({
        id,
        title: t('absence.removed'),
        message: (
          <Button
            size="compact-xs"
            variant="light"
            onClick={() => {
              notifications.hide(id);
              restore.mutate(absence);
            }}
          >
            {t('action.undo')}
          </Button>
        ),
        autoClose: 10_000,
      });
    },
    onError: (problem) => fail(problem),
  });
  return (
    <Section title={t('absence.title')} text={t('absence.text')}>
      {error ? (
        <Failure error={error} onRetry={() => void refetch()} />
      ) : !data ? (
        <Lines count={2} />
      ) : (
        <div>
          {data.length === 0 && (
            <Text size="sm" c="dimmed">
              {t('absence.none')}
            </Text>
          )}
          {data.map((each) => (
            <Line key={each.id} absence={each} onRemove={() => remove.mutate(each)} />
          ))}
        </div>
      )}
      <Button variant="default" leftSection={<IconPlus size={16} />} onClick={() => setAdding(true)} style={{ alignSelf: 'flex-start' }}>
        {t('absence.add')}
      </Button>
      {adding && (
        <Add
          userId={userId}
          onClose={() => setAdding(false)}
          onSaved={() => {
            setAdding(false);
            changed();
          }}
        />
      )}
    </Section>
  );
}

function Line({ absence, onRemove }: { absence: Absence; onRemove: () => void }) {
  const { t } = useTranslation();
  const format = useFormat();
  const now = useNow();
  const users = useQuery(usersQuery);
  const days = wholeDays(absence, format.timeZone);
  const deputy = users.data?.items?.find((user) => user.id === absence.deputy_id)?.name;
  const over = Date.parse(absence.to_at) <= now;
  const term = days
    ? [days.first, days.last].filter((day, index, all) => all.indexOf(day) === index).map((day) => format.date(day))
    : [format.moment(absence.from_at), format.moment(absence.to_at)];
  return (
    <Group gap="sm" wrap="nowrap" py={6} align="flex-start" style={{ opacity: over ? 0.6 : 1 }}>
      <Badge color={colors[absence.kind]} miw={104} flex="none">
        {t(`absence.kind.${absence.kind}`)}
      </Badge>
      <div style={{ minWidth: 0, flex: 1 }}>
        <Text size="sm" fw={500} className="tabular">
          {term.join(' – ')}
          {!over && Date.parse(absence.from_at) <= now && (
            <Text span size="sm" c="var(--rc-orange)">
              {' '}
              · {t('absence.now')}
            </Text>
          )}
        </Text>
        {(deputy ?? absence.note) && (
          <Text size="sm" c="dimmed" style={{ overflowWrap: 'anywhere' }}>
            {[deputy && t('absence.deputy', { name: deputy }), absence.note].filter(Boolean).join(' · ')}
          </Text>
        )}
      </div>
      <ActionIcon variant="subtle" color="red" aria-label={t('absence.remove', { term: term.join(' – ') })} onClick={onRemove}>
        <IconTrash size={17} />
      </ActionIcon>
    </Group>
  );
}

function Add({ userId, onClose, onSaved }: { userId: number; onClose: () => void; onSaved: () => void }) {
  const { t } = useTranslation();
  const zone = useInfo().time_zone;
  const fail = useToastError();
  const users = useQuery(usersQuery);
  const [tried, setTried] = useState(false);
  const [form, setForm] = useState<AbsenceForm>({ kind: 'vacation', fromDay: '', fromTime: '', toDay: '', toTime: '', deputyId: null, note: '' });
  const change = (part: Partial<AbsenceForm>) => setForm((old) => ({ ...old, ...part }));
  const faults = absenceFaults(form, zone);
  const save = useMutation({
    mutationFn: () => send(api.POST('/users/{id}/absences', { params: { path: { id: userId } }, body: absenceBody(form, zone) })),
    onSuccess: onSaved,
    onError: (error) => fail(error),
  });
  const fault = (field: 'fromDay' | 'toDay') => (tried && faults[field] ? t(`absence.fault.${faults[field]}`) : undefined);
  return (
    <Modal opened onClose={onClose} title={t('absence.add')} closeButtonProps={{ 'aria-label': t('action.close') }}>
      <form
        noValidate
        onSubmit={(event) => {
          event.preventDefault();
          setTried(true);
          if (Object.keys(faults).length === 0) save.mutate();
        }}
      >
        <Stack gap="sm">
          <Select
            label={t('absence.reason')}
            allowDeselect={false}
            data={absenceKinds.map((value) => ({ value, label: t(`absence.kind.${value}`) }))}
            value={form.kind}
            onChange={(value) => change({ kind: absenceKinds.find((kind) => kind === value) ?? 'other' })}
          />
          <Group align="flex-start" gap="sm" wrap="nowrap">
            <TextInput
              flex={1}
              type="date"
              data-autofocus
              withAsterisk
              label={t('absence.from')}
              error={fault('fromDay')}
              value={form.fromDay}
              onChange={(event) => change({ fromDay: event.currentTarget.value, toDay: form.toDay || event.currentTarget.value })}
            />
            <TextInput w={130} type="time" label={t('absence.time')} value={form.fromTime} onChange={(event) => change({ fromTime: event.currentTarget.value })} />
          </Group>
          <Group align="flex-start" gap="sm" wrap="nowrap">
            <TextInput
              flex={1}
              type="date"
              withAsterisk
              label={t('absence.to')}
              error={fault('toDay')}
              value={form.toDay}
              onChange={(event) => change({ toDay: event.currentTarget.value })}
            />
            <TextInput w={130} type="time" label={t('absence.time')} value={form.toTime} onChange={(event) => change({ toTime: event.currentTarget.value })} />
          </Group>
          <Text size="xs" c="dimmed">
            {t('absence.time_text', { zone })}
          </Text>
          <Select
            label={t('schedule.deputy')}
            placeholder={t('absence.usual_deputy')}
            clearable
            searchable
            data={(users.data?.items ?? []).filter((user) => user.id !== userId).map((user) => ({ value: String(user.id), label: user.name }))}
            value={form.deputyId}
            onChange={(deputyId) => change({ deputyId })}
          />
          <Textarea autosize minRows={1} maxLength={1000} label={t('note.label')} value={form.note} onChange={(event) => change({ note: event.currentTarget.value })} />
          <Group justify="flex-end">
            <Button variant="default" onClick={onClose}>
              {t('action.cancel')}
            </Button>
            <Button type="submit" loading={save.isPending}>
              {t('action.save')}
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  );
}
