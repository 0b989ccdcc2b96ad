import { Badge } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import { NavLink } from 'react-router';
import { navItems } from './nav';
import classes from './Shell.module.css';
import { useSummary } from './useSummary';

/** Navigation of a telephone's screen. */
export function BottomBar() {
  const { t } = useTranslation();
  const missed = useSummary().data?.missed_open ?? 0;
  return (
    <nav className={classes.bottom} aria-label={t('nav.label')}>
      {navItems
        .filter((item) => !item.wide)
        .map(({ to, label, short, icon: Glyph }) => (
        <NavLink key={to} to={to} end={to === '/'} className={classes.tab}>
          <Glyph size={22} stroke={1.8} aria-hidden />
          {t(short ?? label)}
          {to === '/calls' && missed > 0 && (
            <Badge className={classes.tabcount} color="red.8" variant="filled" size="xs" circle>
              {missed}
            </Badge>
          )}
        </NavLink>
      ))}
    </nav>
  );
}
