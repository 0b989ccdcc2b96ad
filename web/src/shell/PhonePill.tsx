import { Tooltip } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import { useMe } from '@/app/session';
import { useLive } from '@/live/store';
import classes from './Shell.module.css';

/** Is my telephone able to ring: tells the first reason why not. */
export function PhonePill() {
  const { t } = useTranslation();
  const me = useMe();
  const link = useLive((state) => state.link);
  const mine = useLive((state) => state.presence[me.id]?.state);
  const pbx = useLive((state) => state.pbx);
  const device = me.devices?.[0];
  const number = me.extension || device?.endpoint.replace(/^.*\//, '') || '';
  const exchange = pbx.find((each) => each.name === device?.pbx) ?? pbx[0];
  const [color, text, hint] = ((): [string, string, string] => {
    if (link === 'connecting') return ['var(--mantine-color-gray-5)', t('phone.connecting'), t('phone.connecting')];
    if (link !== 'online') return ['var(--mantine-color-orange-6)', t('phone.no_link'), t('link.lost')];
    if (!number) return ['var(--mantine-color-gray-5)', t('phone.none'), t('phone.none_hint')];
    if (exchange && !exchange.connected) {
      return ['var(--mantine-color-red-6)', t('phone.no_pbx'), t('link.pbx_lost', { name: exchange.name })];
    }
    if (mine === 'offline') {
      return ['var(--mantine-color-red-6)', t('phone.offline', { number }), t('phone.offline_hint')];
    }
    if (!mine || mine === 'unknown') {
      return ['var(--mantine-color-gray-5)', t('phone.unknown', { number }), t('phone.unknown_hint')];
    }
    return ['var(--mantine-color-teal-6)', t('phone.online', { number }), t('phone.online_hint')];
  })();
  return (
    <Tooltip label={hint} multiline maw={280}>
      <span className={classes.pill} role="status" tabIndex={0}>
        <span className={classes.dot} style={{ '--dot': color } as React.CSSProperties} aria-hidden />
        {text}
      </span>
    </Tooltip>
  );
}
