import { ActionIcon, Button, Group, Menu, SegmentedControl, Text, Textarea, ThemeIcon, Timeline, type TimelineItemProps } from '@mantine/core';
import { useInfiniteQuery, useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { IconDots, IconHistory, IconNote, IconPencil, IconPlayerPlay, IconSettings, IconTrash, type Icon } from '@tabler/icons-react';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { api, send } from '@/api/client';
import type { HistoryItem } from '@/api/types';
import { useCan, useMe } from '@/app/session';
import { shortName } from '@/format/text';
import { useFormat } from '@/format/useFormat';
import { callColor, callIcon, isMissed, outcomeFor } from './calls';
import { historyQuery, usersQuery, type HistoryKind } from './clientQueries';
import { useToastError } from './errors';
import { Recordings } from './Recordings';
import { Empty, Failure, Lines } from './States';

const kinds = ['all', 'call', 'note'] as const;

/** A client's story, newest first: calls, notes, changes. */
export function History({ clientId, compact = false }: { clientId: number; compact?: boolean }) {
  const { t } = useTranslation();
  const [kind, setKind] = useState<HistoryKind | null>(null);
  const query = useInfiniteQuery(historyQuery(clientId, kind));
  const items = query.data?.pages.flatMap((page) => page.items ?? []) ?? [];
  return (
    <>
      {!compact && (
        <Group justify="space-between" mb="md" align="flex-start">
          <SegmentedControl
            size="xs"
            aria-label={t('history.filter')}
            value={kind ?? 'all'}
            onChange={(value) => setKind(value === 'all' ? null : (value))}
            data={kinds.map((value) => ({ value, label: t(`history.kind_${value}`) }))}
          />
        </Group>
      )}
      {!compact && <NewNote clientId={clientId} />}
      {query.error ? (
        <Failure error={query.error} onRetry={() => void query.refetch()} />
      ) : query.isPending ? (
        <Lines count={4} />
      ) : items.length === 0 ? (
        <Empty icon={IconHistory} title={t('history.empty')} text={t('history.empty_text')} />
      ) : (
        <Timeline bulletSize={28} lineWidth={2} active={items.length}>
          {items.map((item) => (
            <Entry key={item.id} item={item} clientId={clientId} />
          ))}
        </Timeline>
      )}
      {query.hasNextPage && (
        <Button
          mt="md"
          variant="default"
          size="xs"
          loading={query.isFetchingNextPage}
          onClick={() => void query.fetchNextPage()}
        >
          {t('action.more')}
        </Button>
      )}
    </>
  );
}

function look(item: HistoryItem): { icon: Icon; color: string } {
  if (item.call) return { icon: callIcon(item.call), color: callColor(item.call) };
  return item.kind === 'note' ? { icon: IconNote, color: 'indigo' } : { icon: IconSettings, color: 'gray' };
}

type EntryProps = TimelineItemProps & { item: HistoryItem; clientId: number };

// The timeline hands its line's look to its direct children: rest carries it.
function Entry({ item, clientId, ...rest }: EntryProps) {
  const { t } = useTranslation();
  const me = useMe();
  const format = useFormat();
  const [editing, setEditing] = useState(false);
  const { icon: Glyph, color } = look(item);
  const own = item.kind === 'note' && item.author_id === me.id;
  const title = useTitle(item);
  const users = useQuery(usersQuery);
  const author =
    item.author_name ||
    (item.call ? users.data?.items.find((user) => user.id === item.call?.answered_by)?.name : t('history.system'));
  return (
    <Timeline.Item
      {...rest}
      color={color}
      bullet={
        <ThemeIcon size={28} radius="50%" color={`${color}.8`} variant="filled">
          <Glyph size={15} stroke={2} aria-hidden />
        </ThemeIcon>
      }
      title={
        <Group justify="space-between" wrap="nowrap" gap="xs" mih={26}>
          <Text size="sm" fw={600} inherit>
            {title}
          </Text>
          {own && !editing && <OwnMenu item={item} clientId={clientId} onEdit={() => setEditing(true)} />}
        </Group>
      }
      styles={{ itemTitle: { fontSize: 14, lineHeight: 1.4, marginBottom: 2 }, itemBody: { minWidth: 0 } }}
    >
      {editing ? (
        <EditNote item={item} clientId={clientId} onDone={() => setEditing(false)} />
      ) : (
        item.body && (
          <Text size="sm" c="dimmed" style={{ whiteSpace: 'pre-line', overflowWrap: 'anywhere' }}>
            {item.body}
          </Text>
        )
      )}
      <Text size="xs" c="dimmed" mt={2}>
        {[format.moment(item.occurred_at), item.person_name, author && shortName(author)]
          .filter(Boolean)
          .join(' · ')}
      </Text>
      {item.call?.recorded && <Listen callId={item.call.id} />}
    </Timeline.Item>
  );
}

/** A recorded call is heard where it stands. */
function Listen({ callId }: { callId: string }) {
  const { t } = useTranslation();
  const can = useCan();
  const [open, setOpen] = useState(false);
  if (!can('recordings.listen')) return null;
  return (
    <>
      <Button
        variant="subtle"
        size="compact-xs"
        ml={-8}
        mt={4}
        aria-expanded={open}
        leftSection={<IconPlayerPlay size={14} aria-hidden />}
        onClick={() => setOpen(!open)}
      >
        {t(open ? 'history.listen_close' : 'history.listen')}
      </Button>
      {open && <Recordings callId={callId} />}
    </>
  );
}

function useTitle(item: HistoryItem): string {
  const { t } = useTranslation();
  const format = useFormat();
  const call = item.call;
  if (!call) return item.subject || t(item.kind === 'note' ? 'history.note' : 'history.system');
  if (call.state !== 'ended') return t('history.live');
  const time = format.duration(call.disposition === 'answered' ? call.talk_ms : call.wait_ms);
  if (isMissed(call)) {
    return call.queue ? t('history.missed_queue', { queue: call.queue, time }) : t('history.missed', { time });
  }
  if (call.disposition === 'answered') {
    return t(call.direction === 'in' ? 'history.in' : 'history.out', { time });
  }
  return `${t(call.direction === 'in' ? 'history.in_short' : 'history.out_short')}: ${t(`outcome.${outcomeFor(call)}_short`)}`;
}

function useRefresh(clientId: number) {
  const cache = useQueryClient();
  return () => cache.invalidateQueries({ queryKey: ['client', clientId] });
}

function NewNote({ clientId }: { clientId: number }) {
  const { t } = useTranslation();
  const [text, setText] = useState('');
  const fail = useToastError();
  const refresh = useRefresh(clientId);
  const add = useMutation({
    mutationFn: () => send(api.POST('/clients/{id}/notes', { params: { path: { id: clientId } }, body: { text: text.trim() } })),
    onSuccess: () => {
      setText('');
      return refresh();
    },
    onError: (error) => fail(error),
  });
  return (
    <form
      style={{ marginBottom: 20 }}
      onSubmit={(event) => {
        event.preventDefault();
        if (text.trim()) add.mutate();
      }}
    >
      <Textarea
        aria-label={t('history.new_note')}
        placeholder={t('history.new_note')}
        autosize
        minRows={text ? 3 : 1}
        maxRows={10}
        value={text}
        onChange={(event) => setText(event.currentTarget.value)}
        onKeyDown={(event) => {
          if (event.key === 'Enter' && (event.ctrlKey || event.metaKey) && text.trim()) add.mutate();
        }}
      />
      {text && (
        <Group justify="flex-end" mt="xs">
          <Button size="xs" type="submit" loading={add.isPending} disabled={!text.trim()}>
            {t('history.add_note')}
          </Button>
        </Group>
      )}
    </form>
  );
}

function OwnMenu({ item, clientId, onEdit }: { item: HistoryItem; clientId: number; onEdit: () => void }) {
  const { t } = useTranslation();
  const fail = useToastError();
  const refresh = useRefresh(clientId);
  const remove = useMutation({
    mutationFn: () => send(api.DELETE('/interactions/{id}', { params: { path: { id: item.id } } })),
    onSuccess: refresh,
    onError: (error) => fail(error),
  });
  return (
    <Menu position="bottom-end">
      <Menu.Target>
        <ActionIcon variant="subtle" color="gray" size="sm" aria-label={t('history.note_menu')}>
          <IconDots size={16} />
        </ActionIcon>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Item leftSection={<IconPencil size={16} />} onClick={onEdit}>
          {t('action.edit')}
        </Menu.Item>
        <Menu.Item color="red" leftSection={<IconTrash size={16} />} onClick={() => remove.mutate()}>
          {t('action.delete')}
        </Menu.Item>
      </Menu.Dropdown>
    </Menu>
  );
}

function EditNote({ item, clientId, onDone }: { item: HistoryItem; clientId: number; onDone: () => void }) {
  const { t } = useTranslation();
  const [text, setText] = useState(item.body);
  const fail = useToastError();
  const refresh = useRefresh(clientId);
  const save = useMutation({
    mutationFn: () => send(api.PATCH('/interactions/{id}', { params: { path: { id: item.id } }, body: { body: text.trim() } })),
    onSuccess: async () => {
      await refresh();
      onDone();
    },
    onError: (error) => fail(error),
  });
  return (
    <>
      <Textarea
        aria-label={t('history.note')}
        autosize
        minRows={2}
        autoFocus
        value={text}
        onChange={(event) => setText(event.currentTarget.value)}
      />
      <Group justify="flex-end" gap="xs" mt="xs" mb={4}>
        <Button size="compact-sm" variant="default" onClick={onDone}>
          {t('action.cancel')}
        </Button>
        <Button size="compact-sm" loading={save.isPending} disabled={!text.trim()} onClick={() => save.mutate()}>
          {t('action.save')}
        </Button>
      </Group>
    </>
  );
}
