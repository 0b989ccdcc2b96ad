import { ActionIcon, Button } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import { IconDownload } from '@tabler/icons-react';
import { useTranslation } from 'react-i18next';
import { api, send } from '@/api/client';
import { dayKey } from '@/format/time';
import { useFormat } from '@/format/useFormat';
import { useToastError } from '@/parts/errors';
import { useNarrow } from '@/parts/useNarrow';
import { toExport, type Filters } from './filters';

/** Downloads the calls of the filters as a file for a spreadsheet. */
export function ExportButton({ filters, disabled }: { filters: Filters; disabled: boolean }) {
  const { t, i18n } = useTranslation();
  const { timeZone } = useFormat();
  const fail = useToastError();
  const narrow = useNarrow();
  const load = useMutation({
    mutationFn: async () => {
      const now = new Date();
      const query = toExport(filters, now, timeZone, i18n.language);
      // a file that breaks off is an error here, where a plain link would leave half of it
      const file = await send(api.GET('/calls/export.csv', { params: { query }, parseAs: 'blob' }));
      save(file, `calls-${dayKey(now, timeZone)}.csv`);
    },
    onError: (error) => fail(error, t('calls.export_failed')),
  });
  const common = { variant: 'default', disabled, loading: load.isPending, onClick: () => load.mutate() };
  if (narrow) {
    return (
      <ActionIcon {...common} size={36} aria-label={t('calls.export')}>
        <IconDownload size={18} aria-hidden />
      </ActionIcon>
    );
  }
  return (
    <Button {...common} leftSection={<IconDownload size={16} />}>
      {t('calls.export')}
    </Button>
  );
}

function save(file: Blob, name: string) {
  const url = URL.createObjectURL(file);
  const link = document.createElement('a');
  link.href = url;
  link.download = name;
  link.click();
  // the browser reads the file after the click
  setTimeout(() => URL.revokeObjectURL(url), 60_000);
}
