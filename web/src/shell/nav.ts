import {
  IconAddressBook,
  IconChartBar,
  IconHistory,
  IconPhoneCall,
  IconPhoneX,
  IconSettings,
  IconUserQuestion,
  IconUsersGroup,
  type Icon,
} from '@tabler/icons-react';
import type { Permission } from '@/api/types';

export interface NavItem {
  to: string;
  label: 'nav.workspace' | 'nav.calls' | 'nav.missed_callers' | 'unsorted.title' | 'nav.reports' | 'nav.clients' | 'nav.team' | 'nav.settings';
  /** Label for the narrow bar of a telephone. */
  short?: 'nav.calls_short';
  icon: Icon;
  /** Left out of the narrow bar: there is room for five. */
  wide?: true;
  needs?: Permission;
}

export const navItems: NavItem[] = [
  { to: '/', label: 'nav.workspace', icon: IconPhoneCall },
  { to: '/calls', label: 'nav.calls', short: 'nav.calls_short', icon: IconHistory },
  { to: '/missed', label: 'nav.missed_callers', icon: IconPhoneX, wide: true },
  { to: '/unsorted', label: 'unsorted.title', icon: IconUserQuestion, wide: true },
  { to: '/clients', label: 'nav.clients', icon: IconAddressBook },
  { to: '/team', label: 'nav.team', icon: IconUsersGroup },
  { to: '/reports', label: 'nav.reports', icon: IconChartBar, wide: true, needs: 'reports.read' },
  { to: '/settings', label: 'nav.settings', icon: IconSettings },
];
