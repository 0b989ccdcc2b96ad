import { Button } from '@mantine/core';
import { IconAlertTriangle, IconMapQuestion } from '@tabler/icons-react';
import { useTranslation } from 'react-i18next';
import { Link } from 'react-router';
import { Empty } from '@/parts/States';

/** An error of the page itself, as a chunk of an older version that is gone. */
export function Broken() {
  const { t } = useTranslation();
  return (
    <Empty icon={IconAlertTriangle} title={t('state.broken')} text={t('state.broken_text')}>
      <Button onClick={() => location.reload()}>{t('link.reload_button')}</Button>
    </Empty>
  );
}

/** An address that the page does not know. */
export function Missing() {
  const { t } = useTranslation();
  return (
    <Empty icon={IconMapQuestion} title={t('state.missing')}>
      <Button component={Link} to="/" variant="default">
        {t('state.to_workspace')}
      </Button>
    </Empty>
  );
}
