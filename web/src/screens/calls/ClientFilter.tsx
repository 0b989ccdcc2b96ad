import { Loader, Select, type SelectProps } from '@mantine/core';
import { useDebouncedValue } from '@mantine/hooks';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { clientQuery, oneEach, searchQuery } from '@/parts/clientQueries';

type Props = Omit<SelectProps, 'value' | 'onChange' | 'data'> & {
  client: number | null;
  onChange: (id: string | null) => void;
};

/** One client's calls (AF-03): found by name, company or number, kept in the address by its id. */
export function ClientFilter({ client, onChange, ...place }: Props) {
  const { t } = useTranslation();
  const [text, setText] = useState('');
  const [query] = useDebouncedValue(text.trim(), 200);
  const chosen = useQuery({ ...clientQuery(client ?? 0), enabled: client !== null, retry: false });
  const name = chosen.data?.name ?? (chosen.error ? t('calls.client_unknown', { id: client }) : '…');
  const asked = query === name ? '' : query; // what is chosen is no question
  const search = useQuery(searchQuery(asked));
  const found = oneEach(asked ? (search.data?.clients ?? []) : []).map((hit) => ({
    value: String(hit.client_id),
    label: hit.organisation || hit.name,
  }));
  const own = client === null || found.some(({ value }) => value === String(client)) ? [] : [{ value: String(client), label: name }];
  return (
    <Select
      {...place}
      aria-label={t('calls.client')}
      placeholder={t('calls.client')}
      clearable
      searchable
      data={[...own, ...found]}
      filter={({ options }) => options}
      comboboxProps={{ width: 280, position: 'bottom-start' }}
      nothingFoundMessage={asked && !search.isFetching ? t('find.nothing') : t('attach.hint')}
      rightSection={search.isFetching ? <Loader size={16} /> : undefined}
      value={client === null ? null : String(client)}
      onChange={onChange}
      onSearchChange={setText}
    />
  );
}
