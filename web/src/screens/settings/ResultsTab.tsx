import { ActionIcon, Badge, Button, Checkbox, ColorInput, Group, Modal, NumberInput, Stack, Text, TextInput, Title } from '@mantine/core';
import { notifications } from '@mantine/notifications';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { IconPencil, IconPlus, IconTrash } from '@tabler/icons-react';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { api, send } from '@/api/client';
import type { CallResult } from '@/api/types';
import { useToastError } from '@/parts/errors';
import classes from '@/parts/Screen.module.css';
import { Failure, Lines } from '@/parts/States';
import { WrapUpRulesForm } from './WrapUpRulesForm';

const queryKey = ['wrapup-results', 'all'];

/** The catalogue from which a talk's result is chosen (PU-08). */
export function ResultsTab() {
  const { t, i18n } = useTranslation();
  const cache = useQueryClient();
  const fail = useToastError();
  const [edited, setEdited] = useState<CallResult | 'new' | null>(null);
  const { data, error, refetch } = useQuery({
    queryKey,
    queryFn: async ({ signal }) => (await send(api.GET('/wrapup-results', { params: { query: { all: true } }, signal }))).items ?? [],
  });
  const changed = () => void cache.invalidateQueries({ queryKey: ['wrapup-results'] });
  const remove = useMutation({
    mutationFn: (id: number) => send(api.DELETE('/wrapup-results/{id}', { params: { path: { id } } })),
    onSuccess: () => {
      changed();
      notifications.show({ message: t('wrapup.removed') });
    },
    onError: (problem) => fail(problem),
  });
  if (error) return <Failure error={error} onRetry={() => void refetch()} />;
  if (!data) return <Lines count={4} />;
  return (
    <Stack maw={720}>
      <WrapUpRulesForm />
      <section className={classes.card} aria-label={t('wrapup.title')}>
        <Group justify="space-between" wrap="nowrap" align="flex-start" mb="sm">
          <div>
            <Title order={2} fz={16} mb={4}>
              {t('wrapup.title')}
            </Title>
            <Text size="sm" c="dimmed">
              {t('wrapup.catalogue_text')}
            </Text>
          </div>
          <Button flex="none" variant="default" leftSection={<IconPlus size={16} />} onClick={() => setEdited('new')}>
            {t('action.add')}
          </Button>
        </Group>
        {data.length === 0 && <Text size="sm">{t('wrapup.empty')}</Text>}
        {data.map((each) => (
          <Group key={each.id} gap="sm" wrap="nowrap" py={6} style={{ opacity: each.active ? 1 : 0.55 }}>
            <span aria-hidden style={{ width: 14, height: 14, borderRadius: 7, flex: 'none', background: each.color }} />
            <Text size="sm" flex={1} className="ellipsis">
              {i18n.language === 'en' ? each.name_en : each.name_ru}
            </Text>
            {each.requires_note && <Badge color="gray">{t('wrapup.requires_note')}</Badge>}
            <ActionIcon variant="subtle" color="gray" aria-label={`${t('action.edit')}: ${each.name_ru}`} onClick={() => setEdited(each)}>
              <IconPencil size={17} />
            </ActionIcon>
            <ActionIcon variant="subtle" color="red" aria-label={`${t('action.delete')}: ${each.name_ru}`} onClick={() => remove.mutate(each.id)}>
              <IconTrash size={17} />
            </ActionIcon>
          </Group>
        ))}
      </section>
      {edited && (
        <Edit
          result={edited === 'new' ? null : edited}
          position={(data.at(-1)?.position ?? 0) + 10}
          onClose={() => setEdited(null)}
          onSaved={() => {
            setEdited(null);
            changed();
          }}
        />
      )}
    </Stack>
  );
}

interface EditProps {
  result: CallResult | null;
  position: number;
  onClose: () => void;
  onSaved: () => void;
}

function Edit({ result, position, onClose, onSaved }: EditProps) {
  const { t } = useTranslation();
  const fail = useToastError();
  const [nameRu, setNameRu] = useState(result?.name_ru ?? '');
  const [nameEn, setNameEn] = useState(result?.name_en ?? '');
  const [color, setColor] = useState(result?.color ?? '#2e7d32');
  const [note, setNote] = useState(result?.requires_note ?? false);
  const [days, setDays] = useState<number | null>(result?.next_contact_days ?? null);
  const [active, setActive] = useState(result?.active ?? true);
  const save = useMutation({
    mutationFn: () => {
      const body = {
        name_ru: nameRu.trim(),
        name_en: nameEn.trim() || nameRu.trim(),
        color,
        requires_note: note,
        next_contact_days: days ?? undefined,
        active,
      };
      return result
        ? send(
            api.PATCH('/wrapup-results/{id}', {
              params: { path: { id: result.id }, header: { 'If-Match': `"${result.version}"` } },
              body: { ...body, next_contact_days: days },
            }),
          )
        : send(api.POST('/wrapup-results', { body: { ...body, position } }));
    },
    onSuccess: onSaved,
    onError: (error) => fail(error),
  });
  return (
    <Modal opened onClose={onClose} title={t(result ? 'action.edit' : 'wrapup.add')} closeButtonProps={{ 'aria-label': t('action.close') }}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          save.mutate();
        }}
      >
        <Stack gap="sm">
          <TextInput data-autofocus required label={t('wrapup.name_ru')} value={nameRu} maxLength={100} onChange={(event) => setNameRu(event.currentTarget.value)} />
          <TextInput label={t('wrapup.name_en')} value={nameEn} maxLength={100} onChange={(event) => setNameEn(event.currentTarget.value)} />
          <ColorInput label={t('wrapup.color')} value={color} format="hex" onChange={setColor} />
          <NumberInput label={t('wrapup.next_days')} min={0} max={365} value={days ?? ''} onChange={(value) => setDays(value === '' ? null : Number(value))} />
          <Checkbox label={t('wrapup.requires_note')} checked={note} onChange={(event) => setNote(event.currentTarget.checked)} />
          <Checkbox label={t('wrapup.active')} checked={active} onChange={(event) => setActive(event.currentTarget.checked)} />
          <Group justify="flex-end">
            <Button variant="default" onClick={onClose}>
              {t('action.cancel')}
            </Button>
            <Button type="submit" disabled={!nameRu.trim()} loading={save.isPending}>
              {t('action.save')}
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  );
}
