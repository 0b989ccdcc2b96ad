// The frame around all screens, the team, and words that every screen uses.

export const action = {
  add: 'Add',
  back: 'Back',
  cancel: 'Cancel',
  clear: 'Clear',
  close: 'Close',
  delete: 'Delete',
  edit: 'Edit',
  more: 'Show more',
  retry: 'Try again',
  save: 'Save',
  undo: 'Undo',
  update: 'Update',
};

export const account = { label: 'Menu: {{name}}', logout: 'Sign out', profile: 'Profile and settings' };

export const aside = {
  label: 'Today and team',
  missed_one: '{{count}} missed call',
  missed_other: '{{count}} missed calls',
  missed_open_one: '{{count}} client to call back',
  missed_open_other: '{{count}} clients to call back',
  share: 'Calls answered',
  share_label: '{{share}}% of incoming calls answered',
  today_all: 'The office today',
  today_mine: 'My calls today',
};

export const error = {
  network: 'The server cannot be reached. Check the network and try again.',
  unauthorized: 'The session has ended, sign in again.',
  forbidden: 'You may not do this.',
  not_found: 'Not found: it may have been deleted.',
  invalid: 'Check what you have entered.',
  conflict: 'Somebody else has changed it meanwhile.',
  duplicate: 'There is such a client already.',
  gone: 'It is not there any more.',
  too_many: 'Too many attempts, wait a minute.',
  unavailable: 'The server is not available now, try again later.',
  no_device: 'You have no telephone assigned. Ask the administrator.',
  device_busy: 'Your telephone is busy.',
  device_unregistered: 'Your telephone is offline.',
  pbx_unreachable: 'The PBX does not answer.',
  pbx_refused: 'The PBX refused the call.',
  pbx_access_denied: 'The PBX does not let Ringcard in: check the ARI user and password.',
  expired: 'The request is too old, click again.',
  pbx_conflict: 'The PBX cannot do this with the call now. Try again.',
  recording_state: 'The recording is in another state now; reload the page.',
  call_not_found: 'The call has already ended.',
  unknown: 'Something went wrong.',
};

export const find = {
  by_name: 'name',
  by_number: 'number',
  by_email: 'e-mail',
  by_person: 'contact',
  dial: 'Call {{number}}',
  help: 'Type a name, company, e-mail or telephone number.',
  hint: 'Find a client or number',
  nothing: 'Nothing found',
};

export const link = {
  lost: 'Connection lost, reconnecting… What you see may be out of date.',
  pbx_lost: 'No connection to the PBX “{{name}}”: calls are not visible now.',
  reload: 'This page is out of date and gets no calls any more.',
  reload_button: 'Reload the page',
  retry: 'Connect now',
  too_many: 'Too many tabs are open. Close some of them.',
};

export const login = {
  login: 'Login',
  need_login: 'Enter your login',
  need_password: 'Enter your password',
  password: 'Password',
  show_password: 'Show password',
  submit: 'Sign in',
  version: 'Version {{version}}',
  wrong: 'Wrong login or password.',
};

export const nav = {
  answered: 'Answered',
  average: 'Avg. talk',
  calls: 'Call journal',
  calls_short: 'Journal',
  clients: 'Clients',
  label: 'Sections',
  missed_one: '{{count}} missed call not returned',
  missed_other: '{{count}} missed calls not returned',
  missed_callers: 'Missed callers',
  reports: 'Reports',
  settings: 'Settings',
  team: 'Team',
  today: 'Today',
  workspace: 'Call',
};

export const period = { today: 'Today', yesterday: 'Yesterday', week: '7 days', month: '30 days', all: 'All time' };

export const phone = {
  connecting: 'Connecting…',
  no_link: 'No connection',
  no_pbx: 'PBX offline',
  none: 'No telephone',
  none_hint: 'The administrator can assign you a telephone in the settings.',
  offline: 'Phone {{number}} offline',
  offline_hint: 'The telephone is not registered at the PBX: it will not ring.',
  online: 'Phone {{number}} online',
  online_hint: 'The telephone is registered and will ring.',
  unknown: 'Phone {{number}}: unknown',
  unknown_hint: 'The PBX has not told the state of the telephone.',
};

export const presence = {
  talking: 'Talking',
  ringing: 'Ringing',
  break: 'Break',
  wrap_up: 'Wrap-up',
  free: 'Free',
  offline: 'Offline',
  unknown: 'Unknown',
};

export const state = {
  broken: 'The page broke',
  broken_text: 'There may be a new version. Reload the page.',
  failed: 'Could not load',
  loading: 'Loading…',
  missing: 'There is no such page',
  to_workspace: 'To the start',
};

export const status = { label: 'My status', free: 'Free', break: 'Break', wrap_up: 'Wrap-up' };

export const team = {
  call: 'Call {{name}}, {{number}}',
  empty: 'Nobody here',
  extension: 'Extension {{number}}',
  filter: 'Whom to show',
  filter_all: 'All',
  filter_free: 'Free',
  filter_busy: 'Busy',
  filter_offline: 'Offline',
  no_extension: 'No telephone',
  stale: 'This may be out of date',
  stale_since: 'Connection lost at {{time}}. Shown is what was known then.',
  with: 'with {{name}}',
  transfer: 'Transfer the talk to {{name}}, {{number}}',
  not_callable_talking: 'Is talking: call when free again',
  not_callable_ringing: 'Somebody is calling this telephone',
  not_callable_offline: 'The telephone is offline',
  not_callable_unknown: 'The state of the telephone is not known',
  not_callable_stale: 'No connection to the server',
  you: '(you)',
};

export const theme = {
  label: 'Theme',
  auto: 'As in the system',
  light: 'Light',
  dark: 'Dark',
  to_dark: 'Dark theme',
  to_light: 'Light theme',
};

export const time = {
  h_m: '{{hours}} h {{minutes}} min',
  m_s: '{{minutes}} min {{seconds}} s',
  s: '{{seconds}} s',
  today: 'Today, {{clock}}',
  yesterday: 'Yesterday, {{clock}}',
};
