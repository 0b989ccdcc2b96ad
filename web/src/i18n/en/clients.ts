// Cards of clients, their lists and forms.

export const address_kind = { legal: 'Legal', actual: 'Actual', postal: 'Postal' };

export const client = {
  activity: 'Line of business',
  add_address: 'New address',
  add_email: 'New e-mail',
  add_phone: 'New phone',
  address: 'Address',
  addresses: 'Addresses',
  card: 'Client card',
  city: 'City',
  contact_kind: 'Kind',
  contact_menu: 'Actions: {{name}}',
  created: 'Created',
  deal_sum: 'Deal sum',
  delete_text: 'The card “{{name}}” will disappear from the lists. It can be restored.',
  delete_title: 'Delete the client?',
  deleted: '“{{name}}” deleted',
  edit_address: 'Edit address',
  edit_email: 'Edit e-mail',
  edit_phone: 'Edit phone',
  email: 'E-mail',
  emails: 'E-mail',
  first_contact: 'First contact',
  full_name: 'Full name',
  group: 'Group',
  history: 'History',
  kind: 'Form',
  last_contact: 'Last contact',
  main_email: 'main',
  main_phone: 'main',
  make_main: 'Make it the main one',
  missing: 'Client not found',
  missing_text: 'The card was deleted, or you may not see it.',
  name: 'Name',
  no_addresses: 'No addresses.',
  no_emails: 'No e-mail addresses.',
  no_phones: 'No phones.',
  note: 'Comment',
  not_yours: 'Client of another employee',
  not_yours_text: 'The card and its history are for the responsible and the supervisor.',
  open: 'Open the card',
  persons: 'Contacts',
  phone: 'Phone',
  phone_hidden: 'This number is hidden from you; who sees it can change it.',
  phones: 'Phones',
  potential: 'Potential',
  potential_0_100: 'Potential, 0–100',
  relation_type: 'Relation',
  responsible: 'Responsible',
  restore: 'Restore',
  source: 'Source',
  tab_main: 'Main',
  tab_history: 'History',
  tab_persons: 'Contacts',
};

export const clients = {
  add: 'Add client',
  empty: 'Nothing here yet',
  empty_text: 'Add the first client, or make one from a call.',
  nothing_text: 'Try a part of the name or company, or the last digits of the number.',
  search: 'Name, company, number, e-mail',
  sort: 'Sort',
  sort_name: 'By name',
  sort_potential: 'By potential',
  sort_deal_sum: 'By deal sum',
  sort_last_contact: 'By last contact',
  sort_created: 'Newest first',
  to_groups: 'To the groups',
};

export const conflict = {
  field: 'Field',
  keep_mine: 'Write mine',
  mine: 'Yours',
  now: 'Now',
  take_theirs: 'Leave as it is now',
  text: 'While you were editing, somebody else changed:',
  title: 'The card has changed',
};

export const duplicate = { phone: 'same phone', email: 'same e-mail', name: 'similar name', other: 'similar data' };

export const field = {
  name: 'Name',
  kind: 'Form',
  full_name: 'Full name',
  activity: 'Line of business',
  responsible_id: 'Responsible',
  group_id: 'Group',
  potential: 'Potential',
  city: 'City',
  source: 'Source',
  relation_type: 'Relation',
  note: 'Comment',
};

export const form = {
  add_phone: 'One more phone',
  bad_email: 'Check the e-mail address',
  create: 'Create',
  create_anyway: 'Create anyway',
  created: 'Client “{{name}}” created',
  duplicates_one: 'There seems to be such a client already',
  duplicates_other: 'There seem to be such clients already: {{count}}',
  need_name: 'Enter a name',
  new_client: 'New client',
  person: 'Contact',
};

export const groups = {
  a_z: 'A → Z',
  all: 'All clients',
  count_one: '{{shown}} client',
  count_other: '{{shown}} clients',
  create: 'New group',
  delete_text: 'Its clients stay in “All clients”.',
  delete_title: 'Delete the group “{{name}}”?',
  edit: 'Edit group {{name}}',
  name: 'Name of the group',
  rename: 'Rename',
  z_a: 'Z → A',
};

export const kind = { company: 'Company', person: 'Person', entrepreneur: 'Sole trader' };

export const person = {
  add: 'New contact',
  edit: 'Edit contact',
  make_primary: 'Main contact',
  name: 'Name',
  none: 'No contacts',
  none_text: 'Add those who call on behalf of the client.',
  position: 'Position',
  primary: 'main',
  unlink: 'Remove from the card',
};

export const phone_kind = { mobile: 'Mobile', work: 'Work', home: 'Home', fax: 'Fax', other: 'Other' };
