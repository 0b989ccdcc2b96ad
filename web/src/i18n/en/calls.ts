// What is said of a call: live, in the journal, in the history.

export const attach = {
  done: '{{number}} attached, past calls added to the history',
  hint: 'Name, company or number of the client',
  title: 'Attach {{number}} to a client',
};

export const call = {
  open_link: 'Open the card in the other CRM',
  transfers: 'Path of the call',
  again: 'Call again',
  anonymous: 'Hidden number',
  attach: 'Attach',
  back: 'Call back',
  cancel: 'Cancel',
  choose_one: '{{count}} client has this number. Who is it?',
  choose_other: '{{count}} clients have this number. Who is it?',
  create_client: 'New client',
  current: 'Current call',
  dial: 'Call',
  dial_number: 'Call {{number}}',
  did: 'to {{number}}',
  done: 'Done',
  hang_up: 'Hang up',
  incoming: 'Incoming call',
  lookup_pending: 'Looking for the client…',
  lookup_found: 'Client found',
  lookup_unknown: 'Number not in the database',
  lookup_late: 'The search is taking longer than usual',
  lookup_off: 'No number was sent',
  mark_spam: 'Spam',
  mine: 'My calls',
  missed_toast: 'Missed call',
  more_one: 'and {{count}} more',
  more_other: 'and {{count}} more',
  no_legs: 'The exchange has not told about this call yet.',
  note: 'Note',
  open: 'Open the call',
  other_match_one: 'Choose another ({{count}})',
  other_match_other: 'Choose another ({{count}})',
  progress: 'Progress',
  queue: 'Queue “{{name}}”',
  recovered: 'The end of the call was not seen, the time is approximate.',
  spam: 'Spam',
  taken_by: 'Answered by {{name}}',
  talk_time: 'Talk time',
  total_time: 'Duration',
  wait_time: 'Waiting time',
};

export const calls = {
  cause: 'Outcome',
  details: 'Call',
  did: 'Our number',
  ended_by: 'Hung up by',
  direction: 'Direction',
  empty: 'No calls',
  empty_text: 'Change the period or the filters.',
  hold: 'On hold',
  pbx: 'Exchange',
  period: 'Period',
  queue: 'Queue',
  reset: 'Reset',
  result: 'Result',
  search: 'Number or name',
  started: 'Started',
  talk: 'Talk',
  total_one: '{{count}} call',
  total_other: '{{count}} calls',
  unmatched: 'Unmatched',
  user: 'Employee',
  wait: 'Wait',
  when: 'When',
  who: 'Who',
};

export const chart = {
  empty: 'No calls yet today.',
  hour: '{{hour}}: {{incoming}} in, {{out}} out, {{missed}} missed',
  label: 'Calls by hour today',
};

export const direction = { in: 'Incoming', out: 'Outgoing', internal: 'Internal' };

export const history = {
  add_note: 'Add note',
  empty: 'No history yet',
  empty_text: 'Calls and notes will appear here.',
  filter: 'What to show',
  in: 'Incoming, {{time}}',
  in_short: 'Incoming',
  kind_all: 'All',
  kind_call: 'Calls',
  kind_note: 'Notes',
  live: 'Going on now',
  missed: 'Missed, waited {{time}}',
  missed_queue: 'Missed in queue “{{queue}}”, waited {{time}}',
  new_note: 'New note',
  note: 'Note',
  note_menu: 'Actions with the note',
  out: 'Outgoing, {{time}}',
  out_short: 'Outgoing',
  system: 'System',
};

export const idle = {
  all: 'All',
  dial: 'Dial a number',
  erase: 'Erase a digit',
  label: 'No call',
  last: 'Last calls',
  missed: 'Missed calls',
  none: 'No calls yet',
  number: 'Telephone number',
  text: 'When somebody calls you, the client appears here at once.',
  title: 'No call right now',
};

export const leg = {
  ring_for: 'rang {{time}}',
  talk_for: 'talked {{time}}',
  new: 'dialling',
  ringing: 'ringing',
  up: 'connected',
  ended: 'ended',
  answered: 'answered',
  busy: 'busy',
  no_answer: 'no answer',
  elsewhere: 'taken elsewhere',
  cancelled: 'cancelled',
  rejected: 'rejected',
  failed: 'failed',
  transferred: 'transferred',
  forwarded: 'forwarded',
  picked_up: 'picked up elsewhere',
  parked: 'parked',
};

// What was not seen of a call, and what was corrected afterwards (PB-04).
export const mended = {
  title: 'How exact this record is',
  recovered: 'The end of the call was not seen: the PBX was out of reach.',
  estimated: 'Not seen: {{fields}}. The most likely values are shown.',
  cdr_awaited: 'They will be made exact when the PBX has written the call to its own log (CDR).',
  cdr_none: "They stay so: the PBX's own log (CDR) is not connected.",
  corrected: 'Corrected',
  old: 'Was',
  new: 'Is',
  source: "From the PBX's own log ({{source}}), {{time}}",
  field: {
    started_at: 'start',
    ring_at: 'when the telephone rang',
    answered_at: 'time of the answer',
    answered_by: 'who answered',
    ended_at: 'end',
    ended_by: 'who hung up',
    disposition: 'result',
    cause: 'cause',
    hold_ms: 'hold',
    did: 'our number',
    queue: 'queue',
  },
};

export const match = {
  chosen: 'chosen earlier',
  main_contact: 'main contact',
  affiliation: 'works at the company',
  client_number: "the client's own number",
  person: 'person without a company',
};

export const note = {
  label: 'Note',
  hint: 'Saves itself',
  typing: '…',
  saving: 'Saving…',
  saved: 'Saved',
  failed: 'Not saved, trying again…',
};

export const outcome = {
  talked: 'The call is over, it took {{time}}.',
  busy: 'The number is busy.',
  no_answer: 'No answer.',
  rejected: 'The call was rejected.',
  unallocated: 'The number does not exist or is wrong.',
  congestion: 'The lines are congested. Try again later.',
  unreachable: 'The number cannot be reached.',
  forbidden: 'Calls to this number are not allowed.',
  own_no_answer: 'You did not pick up, no call was made.',
  own_rejected: 'Your telephone is busy or rejected the call.',
  own_unreachable: 'Your telephone cannot be reached.',
  cancelled: 'The call was cancelled.',
  caller_gave_up: 'The caller gave up waiting.',
  missed: 'Nobody answered.',
  voicemail: 'The caller left a voice message.',
  failed: 'The call failed: connection error.',
  talked_short: 'Answered',
  busy_short: 'Busy',
  no_answer_short: 'No answer',
  rejected_short: 'Rejected',
  unallocated_short: 'Wrong number',
  congestion_short: 'Congestion',
  unreachable_short: 'Unreachable',
  forbidden_short: 'Not allowed',
  own_no_answer_short: 'Not picked up',
  own_rejected_short: 'Own phone busy',
  own_unreachable_short: 'Own phone off',
  cancelled_short: 'Cancelled',
  caller_gave_up_short: 'Gave up',
  missed_short: 'Missed',
  voicemail_short: 'Voicemail',
  failed_short: 'Failed',
};

export const result = { answered: 'Answered', missed: 'Missed', busy: 'Busy', failed: 'Failed', voicemail: 'Voicemail' };

export const spam = {
  done: '{{number}} marked as spam',
  text: 'Calls from this number will not be looked up or shown as unmatched.',
  title: 'Mark {{number}} as spam?',
};

export const stage = {
  own_phone_wait: 'Calling your phone {{number}}…',
  own_phone: 'Calling you… pick up {{number}}',
  dialling: 'Dialling…',
  remote_ringing: 'It is ringing there, waiting for an answer…',
  incoming_badge: 'Incoming',
  own_phone_wait_badge: 'Connecting',
  own_phone_badge: 'Pick up',
  dialling_badge: 'Dialling',
  remote_ringing_badge: 'Ringing',
  talking_badge: 'Talking',
  held_badge: 'On hold',
  ended_badge: 'Ended',
};

export const unknown = {
  internal: 'Internal call: there is no client card.',
  off: 'No number was sent, the client cannot be found.',
  pending: 'Looking for the client…',
  found: 'Client found.',
  unknown: 'This number is not in the database. Make a new client or attach the number to an existing one: past calls join the history too.',
  late: 'The search is taking longer than usual. The card appears as soon as it is found.',
  spam: 'The number is marked as spam.',
};
