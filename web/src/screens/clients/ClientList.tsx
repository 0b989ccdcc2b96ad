import { Badge, Button, Group, Select, Text, UnstyledButton } from '@mantine/core';
import { keepPreviousData, useInfiniteQuery, useQuery } from '@tanstack/react-query';
import { IconArrowDown, IconArrowUp, IconChevronLeft, IconUsers } from '@tabler/icons-react';
import { useMemo } from 'react';
import { useTranslation } from 'react-i18next';
import { Link, useNavigate } from 'react-router';
import { api, send } from '@/api/client';
import type { ClientRow } from '@/api/types';
import { useFormat } from '@/format/useFormat';
import { groupsQuery, usersQuery } from '@/parts/clientQueries';
import { Face } from '@/parts/Face';
import { DialIcon, NumberLink } from '@/parts/NumberLink';
import { reach } from '@/parts/reach';
import { Screen } from '@/parts/Screen';
import classes from '@/parts/Screen.module.css';
import { SearchField } from '@/parts/SearchField';
import { Empty, Failure, Lines } from '@/parts/States';
import { useNarrow } from '@/parts/useNarrow';
import { useParam } from '@/parts/useParam';
import { VirtualTable, type Column } from '@/parts/VirtualTable';
import { NewClientButton } from './NewClientButton';

const sorts = ['name', '-potential', '-deal_sum', '-last_contact', '-created'] as const;
type Sort = (typeof sorts)[number];

/** Clients of a group, a responsible or a search; rows are drawn as they come into view. */
export function ClientList() {
  const { t } = useTranslation();
  const navigate = useNavigate();
  const { params, set } = useParam();
  const narrow = useNarrow();
  const q = params.get('q') ?? '';
  const group = Number(params.get('group')) || null;
  const responsible = Number(params.get('responsible')) || null;
  const sort = sorts.find((each) => each === params.get('sort')) ?? 'name';
  const groups = useQuery(groupsQuery);
  const users = useQuery(usersQuery);
  const query = useInfiniteQuery({
    queryKey: ['clients', 'list', q, group, responsible, sort],
    queryFn: ({ pageParam, signal }) =>
      send(
        api.GET('/clients', {
          params: {
            query: {
              q: q || undefined,
              group_id: group ?? undefined,
              responsible_id: responsible ?? undefined,
              sort,
              limit: 100,
              cursor: pageParam ?? undefined,
            },
          },
          signal,
        }),
      ),
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.next_cursor || null,
    placeholderData: keepPreviousData,
  });
  const rows = useMemo(() => query.data?.pages.flatMap((page) => page.items ?? []) ?? [], [query.data]);
  const total = query.data?.pages[0]?.total;
  const columns = useColumns(sort, (value) => set({ sort: value === 'name' ? null : value }));
  const open = (row: ClientRow) => void navigate(`/clients/${row.id}`);
  const more = () => {
    if (!query.isFetchingNextPage) void query.fetchNextPage();
  };
  const name = group ? groups.data?.items.find((each) => each.id === group)?.name : null;
  return (
    <Screen
      fill
      title={
        <Group gap="xs">
          <Button component={Link} to="/clients" variant="subtle" color="gray" size="compact-md" px={6} aria-label={t('clients.to_groups')}>
            <IconChevronLeft size={20} />
          </Button>
          {name ?? t('groups.all')}
          {typeof total === 'number' && (
            <Badge color="gray" size="lg">
              {total}
            </Badge>
          )}
        </Group>
      }
      actions={<NewClientButton groupId={group} />}
      filters={
        <>
          <SearchField value={q} label={t('clients.search')} onChange={(value) => set({ q: value, group: params.get('group') ?? 'all' })} />
          <Select
            aria-label={t('client.group')}
            allowDeselect={false}
            data={[
              { value: 'all', label: t('groups.all') },
              ...(groups.data?.items ?? []).filter((each) => !each.virtual).map((each) => ({ value: String(each.id), label: each.name })),
            ]}
            value={group ? String(group) : 'all'}
            onChange={(value) => set({ group: value })}
            w={{ base: '48%', sm: 190 }}
            flex={{ base: '1 1 40%', sm: 'none' }}
          />
          <Select
            aria-label={t('client.responsible')}
            placeholder={t('client.responsible')}
            clearable
            searchable
            data={(users.data?.items ?? []).map((each) => ({ value: String(each.id), label: each.name }))}
            value={responsible ? String(responsible) : null}
            onChange={(value) => set({ responsible: value, group: params.get('group') ?? 'all' })}
            w={{ base: '48%', sm: 200 }}
            flex={{ base: '1 1 40%', sm: 'none' }}
          />
          {narrow && (
            <Select
              aria-label={t('clients.sort')}
              allowDeselect={false}
              data={sorts.map((value) => ({ value, label: t(`clients.sort_${sortKey(value)}`) }))}
              value={sort}
              onChange={(value) => set({ sort: value === 'name' ? null : value })}
              w="100%"
            />
          )}
        </>
      }
    >
      <div className={classes.sheet}>
        {query.error ? (
          <Failure error={query.error} onRetry={() => void query.refetch()} />
        ) : query.isPending ? (
          <Lines count={8} />
        ) : rows.length === 0 ? (
          <Empty icon={IconUsers} title={t(q ? 'find.nothing' : 'clients.empty')} text={t(q ? 'clients.nothing_text' : 'clients.empty_text')} />
        ) : narrow ? (
          <Cards rows={rows} hasMore={query.hasNextPage} onMore={more} busy={query.isFetchingNextPage} />
        ) : (
          <VirtualTable
            label={t('nav.clients')}
            rows={rows}
            columns={columns}
            rowKey={(row) => row.id}
            rowLabel={(row) => row.name}
            onOpen={open}
            hasMore={query.hasNextPage}
            onMore={more}
          />
        )}
      </div>
    </Screen>
  );
}

function sortKey(sort: Sort) {
  return sort.replace('-', '') as 'name' | 'potential' | 'deal_sum' | 'last_contact' | 'created';
}

function useColumns(sort: Sort, onSort: (sort: Sort) => void): Column<ClientRow>[] {
  const { t } = useTranslation();
  const format = useFormat();
  const head = (label: string, by: Sort) => (
    <UnstyledButton fz="inherit" fw={sort === by ? 600 : 400} c="inherit" aria-pressed={sort === by} onClick={() => onSort(by)}>
      {label}
      {sort === by &&
        (by === 'name' ? <IconArrowUp size={12} aria-hidden /> : <IconArrowDown size={12} aria-hidden />)}
    </UnstyledButton>
  );
  return [
    {
      key: 'name',
      header: head(t('client.name'), 'name'),
      width: 'minmax(200px, 3fr)',
      render: (row) => (
        <Group gap="sm" wrap="nowrap">
          <Face name={row.name} size={32} />
          <div style={{ minWidth: 0 }}>
            <Text size="sm" fw={500} className="ellipsis" lh={1.3}>
              {row.name}
            </Text>
            {(row.group_name || row.city) && (
              <Text size="xs" c="dimmed" className="ellipsis" lh={1.3}>
                {[row.group_name, row.city].filter(Boolean).join(' · ')}
              </Text>
            )}
          </div>
        </Group>
      ),
    },
    {
      key: 'phone',
      header: t('client.phone'),
      width: 'minmax(150px, 1.3fr)',
      render: (row) =>
        row.phone ? (
          <NumberLink reach={reach(row.phone, { phone_id: row.phone.id })} display={row.phone.display} clientId={row.id} name={row.name} />
        ) : (
          '—'
        ),
    },
    {
      key: 'responsible',
      header: t('client.responsible'),
      width: 'minmax(120px, 1.2fr)',
      render: (row) => row.responsible_name || '—',
    },
    {
      key: 'potential',
      header: head(t('client.potential'), '-potential'),
      width: '110px',
      align: 'right',
      render: (row) => <span className="tabular">{row.potential ?? '—'}</span>,
    },
    {
      key: 'deal_sum',
      header: head(t('client.deal_sum'), '-deal_sum'),
      width: '140px',
      align: 'right',
      render: (row) => <span className="tabular">{format.money(row.deal_sum)}</span>,
    },
    {
      key: 'last',
      header: head(t('client.last_contact'), '-last_contact'),
      width: '160px',
      render: (row) => (
        <Text size="sm" c="dimmed" className="tabular">
          {format.moment(row.last_contact_at)}
        </Text>
      ),
    },
  ];
}

interface CardsProps {
  rows: ClientRow[];
  hasMore: boolean;
  busy: boolean;
  onMore: () => void;
}

function Cards({ rows, hasMore, busy, onMore }: CardsProps) {
  const { t } = useTranslation();
  return (
    <div className={classes.list}>
      {rows.map((row) => (
        <div key={row.id} className={classes.item} style={{ position: 'relative' }}>
          <Face name={row.name} size={38} />
          <div style={{ minWidth: 0, flex: 1 }}>
            <Link to={`/clients/${row.id}`} className={`plain-link ${classes.cover}`}>
              <Text size="sm" fw={600} className="ellipsis">
                {row.name}
              </Text>
            </Link>
            <Text size="xs" c="dimmed" className="ellipsis">
              {[row.phone?.display, row.city, row.group_name].filter(Boolean).join(' · ')}
            </Text>
          </div>
          {row.phone && (
            <span className={classes.above}>
              <DialIcon reach={reach(row.phone, { phone_id: row.phone.id })} display={row.phone.display} clientId={row.id} name={row.name} />
            </span>
          )}
        </div>
      ))}
      {hasMore && (
        <Button variant="subtle" fullWidth my="sm" loading={busy} onClick={onMore}>
          {t('action.more')}
        </Button>
      )}
    </div>
  );
}
