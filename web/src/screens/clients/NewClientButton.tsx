import { Button } from '@mantine/core';
import { IconPlus } from '@tabler/icons-react';
import { lazy, Suspense, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useNavigate } from 'react-router';
import { useCan } from '@/app/session';

const ClientForm = lazy(() => import('@/parts/ClientForm'));

/** Opens the form of a new client; inside a group it is placed there (GR-11). */
export function NewClientButton({ groupId }: { groupId?: number | null }) {
  const { t } = useTranslation();
  const can = useCan();
  const navigate = useNavigate();
  const [open, setOpen] = useState(false);
  if (!can('clients.write')) return null;
  return (
    <>
      <Button px="sm" leftSection={<IconPlus size={18} />} onClick={() => setOpen(true)}>
        {t('clients.add')}
      </Button>
      <Suspense>
        {open && (
          <ClientForm groupId={groupId} onClose={() => setOpen(false)} onSaved={(client) => void navigate(`/clients/${client.id}`)} />
        )}
      </Suspense>
    </>
  );
}
