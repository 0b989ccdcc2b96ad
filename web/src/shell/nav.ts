import {
  IconAddressBook,
  IconHistory,
  IconPhoneCall,
  IconSettings,
  IconUsersGroup,
  type Icon,
} from '@tabler/icons-react';

export interface NavItem {
  to: string;
  label: 'nav.workspace' | 'nav.calls' | 'nav.clients' | 'nav.team' | 'nav.settings';
  /** Label for the narrow bar of a telephone. */
  short?: 'nav.calls_short';
  icon: Icon;
}

export const navItems: NavItem[] = [
  { to: '/', label: 'nav.workspace', icon: IconPhoneCall },
  { to: '/calls', label: 'nav.calls', short: 'nav.calls_short', icon: IconHistory },
  { to: '/clients', label: 'nav.clients', icon: IconAddressBook },
  { to: '/team', label: 'nav.team', icon: IconUsersGroup },
  { to: '/settings', label: 'nav.settings', icon: IconSettings },
];
