import { Combobox, Group, Kbd, Loader, Modal, Text, TextInput, useCombobox } from '@mantine/core';
import { useDebouncedValue } from '@mantine/hooks';
import { useQuery } from '@tanstack/react-query';
import { IconPhone, IconSearch } from '@tabler/icons-react';
import { useEffect, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useNavigate } from 'react-router';
import { useCan } from '@/app/session';
import { looksLikeNumber } from '@/format/text';
import { searchQuery } from '@/parts/clientQueries';
import { useErrorText } from '@/parts/errors';
import { Face } from '@/parts/Face';
import { useDial } from '@/parts/useDial';

/**
 * Ctrl+K: clients by name, company or number; any number can be called. Not
 * loaded lazily: the first letters after Ctrl+K must not be lost.
 */
export function Finder({ onClose }: { onClose: () => void }) {
  const { t } = useTranslation();
  const [text, setText] = useState('');
  const [query] = useDebouncedValue(text.trim(), 150);
  const navigate = useNavigate();
  const can = useCan();
  const { dial } = useDial();
  const errorText = useErrorText();
  const combobox = useCombobox({ opened: true });
  const { data, isFetching, error } = useQuery(searchQuery(query));
  const clients = query ? (data?.clients ?? []) : [];
  const number = query ? (data?.number?.display ?? (looksLikeNumber(query) ? query : null)) : null;
  // who sees numbers masked typed this one himself
  const dialTo = data?.number?.e164 || query;

  // Enter takes the first: a client if one is found, so that no call starts by mistake
  const options = [...clients.map((hit) => hit.client_id), number].join();
  const { selectFirstOption } = combobox;
  useEffect(() => {
    selectFirstOption();
  }, [options, selectFirstOption]);

  const choose = (value: string) => {
    onClose();
    if (value === 'dial') dial({ reach: { to: dialTo }, display: number ?? dialTo });
    else void navigate(value);
  };

  return (
    <Modal
      opened
      onClose={onClose}
      withCloseButton={false}
      centered={false}
      yOffset="10vh"
      size="lg"
      padding={0}
      title={undefined}
      aria-label={t('find.hint')}
      transitionProps={{ duration: 0 }}
    >
      <Combobox store={combobox} onOptionSubmit={choose} withinPortal={false}>
        <Combobox.EventsTarget>
          <TextInput
            autoFocus
            data-autofocus
            variant="unstyled"
            size="lg"
            px="md"
            leftSection={<IconSearch size={20} aria-hidden />}
            leftSectionWidth={52}
            rightSection={isFetching ? <Loader size={16} /> : <Kbd size="xs">Esc</Kbd>}
            rightSectionWidth={64}
            placeholder={t('find.hint')}
            aria-label={t('find.hint')}
            value={text}
            onChange={(event) => {
              setText(event.currentTarget.value);
            }}
            onKeyDown={(event) => {
              if (event.key === 'Escape') onClose();
            }}
          />
        </Combobox.EventsTarget>
        <Combobox.Options mah="50vh" style={{ overflowY: 'auto', borderTop: '1px solid var(--rc-line)' }} p="xs">
          {clients.map((hit) => (
            <Combobox.Option
              key={`${hit.client_id}-${hit.person_id ?? 0}`}
              value={hit.client_id ? `/clients/${hit.client_id}` : `/clients?q=${encodeURIComponent(hit.name)}`}
              py={8}
            >
              <Group gap="sm" wrap="nowrap">
                <Face name={hit.name} size={34} />
                <div style={{ minWidth: 0, flex: 1 }}>
                  <Text size="sm" fw={500} className="ellipsis">
                    {hit.name}
                  </Text>
                  <Text size="xs" c="dimmed" className="ellipsis">
                    {[hit.organisation, hit.phone].filter(Boolean).join(' · ')}
                  </Text>
                </div>
                <Text size="xs" c="dimmed">
                  {t(`find.by_${hit.matched}`)}
                </Text>
              </Group>
            </Combobox.Option>
          ))}
          {number && can('calls.dial') && (
            <Combobox.Option value="dial" py="sm">
              <Group gap="sm" wrap="nowrap">
                <IconPhone size={20} color="var(--rc-green)" aria-hidden />
                <Text fw={500}>{t('find.dial', { number })}</Text>
              </Group>
            </Combobox.Option>
          )}
          {clients.length === 0 && !number && (
            <Combobox.Empty py="lg">
              {error ? errorText(error) : query ? (isFetching ? t('state.loading') : t('find.nothing')) : t('find.help')}
            </Combobox.Empty>
          )}
        </Combobox.Options>
      </Combobox>
    </Modal>
  );
}
