import * as calls from './en/calls';
import * as clients from './en/clients';
import * as shell from './en/shell';
import { number_test, queue, wrapup } from './en/work';
import { pbx_admin } from './en/pbx_admin';
import { missed, report } from './en/after';
import { recording } from './en/recording';
import { control, reason } from './en/control';
import { why } from './en/why';

export const en = {
  ...calls,
  ...clients,
  ...shell,
  pbx: {
    last_error: 'Last error: {{error}}',
    limits: {
      cause: 'why a call ended, who hung up, whether the caller gave up',
      control: 'control of calls from the page, but for dialling and cancelling',
      desk_calls: 'calls dialled on a telephone: only that it is busy is seen',
      did: 'which number was called',
      queue: 'the queue',
      refused_ring: 'calls refused before they ring',
      registration: 'whether a telephone is on',
      transfer: 'transfers: they are recorded as two calls',
    },
    limits_title: 'The exchange is connected over SIP. Not available:',
    lost_since: 'No connection: {{time}}',
    none: 'No exchange connected',
    none_text: 'Set the ARI address in the server configuration.',
    off: 'No connection',
    on: 'Connected',
    since: 'Connected: {{time}}',
  },
  role: { admin: 'Administrator', supervisor: 'Supervisor', manager: 'Manager', operator: 'Operator', agent: 'Agent (numbers masked)' },
  settings: {
    auto_open: 'Open the “Call” section at once',
    calls: 'Incoming calls',
    desktop: 'Desktop notifications',
    desktop_insecure: 'The browser allows notifications only over HTTPS.',
    desktop_refused: 'The browser blocks notifications. Allow them in its settings.',
    language: 'Language',
    look: 'Appearance',
    me: 'My profile',
    pop_mode: 'When to show the card',
    pop_ring: 'When the telephone rings',
    pop_answer: 'When I have answered',
    pop_never: 'Do not show by itself',
    sound: 'Ring on this page',
    tab_profile: 'Profile',
    tab_users: 'Employees',
    tab_number: 'Test a number',
    tab_results: 'Results of talks',
    tab_pbx: 'Exchange',
    zone: 'Time zone {{zone}} · version {{version}}',
  },
  users: {
    active: 'May sign in',
    add: 'Add employee',
    bad_endpoint: 'Write it with the technology: PJSIP/101',
    devices: 'Telephone',
    edit: 'Edit: {{name}}',
    endpoint: 'Telephone at the exchange',
    extension: 'Extension',
    inactive: 'disabled',
    name: 'Name',
    need_name: 'Enter a name',
    new_password: 'New password (empty: no change)',
    role: 'Role',
    short_password_one: 'At least {{count}} character',
    short_password_other: 'At least {{count}} characters',
    text: 'Who signs in to Ringcard and which telephone rings.',
  },
  control,
  reason,
  recording,
  missed,
  report,
  pbx_admin,
  number_test,
  queue,
  wrapup,
  why,
};
