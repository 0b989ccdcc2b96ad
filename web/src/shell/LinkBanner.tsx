import { Button } from '@mantine/core';
import { IconCloudOff, IconPlugConnectedX } from '@tabler/icons-react';
import { useTranslation } from 'react-i18next';
import { useLive } from '@/live/store';
import classes from './Shell.module.css';

/** Says honestly when what is on the screen may be old, and why. */
export function LinkBanner({ onRetry }: { onRetry: () => void }) {
  const { t } = useTranslation();
  const link = useLive((state) => state.link);
  const dead = useLive((state) => state.pbx.find((pbx) => !pbx.connected));
  if (link === 'lost' || link === 'too_many') {
    return (
      <div className={classes.banner} role="status">
        <IconCloudOff size={18} aria-hidden />
        <span>{t(link === 'lost' ? 'link.lost' : 'link.too_many')}</span>
        <Button size="compact-xs" variant="subtle" color="orange" ml="auto" onClick={onRetry}>
          {t('link.retry')}
        </Button>
      </div>
    );
  }
  if (link === 'reload') {
    return (
      <div className={classes.banner} role="alert">
        <IconCloudOff size={18} aria-hidden />
        <span>{t('link.reload')}</span>
        <Button size="compact-xs" variant="light" color="orange" ml="auto" onClick={() => location.reload()}>
          {t('link.reload_button')}
        </Button>
      </div>
    );
  }
  if (!dead) return null;
  return (
    <div className={classes.banner} role="status">
      <IconPlugConnectedX size={18} aria-hidden />
      <span>{t('link.pbx_lost', { name: dead.name })}</span>
    </div>
  );
}
