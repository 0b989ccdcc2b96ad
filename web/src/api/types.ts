import type { paths } from './schema';

// Types are taken from operations, not from component names, so that a new
// description of the server only has to keep its paths.
type Method = 'get' | 'post' | 'put' | 'patch' | 'delete';
type Content<R> = R extends { content: { 'application/json': infer B } } ? B : never;
type OkOf<O> = O extends { responses: infer R } ? Content<R[keyof R & (200 | 201 | 202)]> : never;
export type Ok<P extends keyof paths, M extends Method> = M extends keyof paths[P] ? OkOf<paths[P][M]> : never;
type BodyOf<O> = O extends { requestBody?: infer B } ? Content<NonNullable<B>> : never;
export type Body<P extends keyof paths, M extends Method> = M extends keyof paths[P] ? BodyOf<paths[P][M]> : never;
type Items<T> = T extends { items: infer L } ? (NonNullable<L> extends (infer E)[] ? E : never) : never;

export type Me = Ok<'/me', 'get'>;
export type PopSettings = Ok<'/me/settings', 'get'>;
export type PopLink = Ok<'/settings/pop-link', 'get'>;
export type Unsorted = Items<Ok<'/unsorted', 'get'>>;
export type Schedule = Ok<'/users/{id}/schedule', 'get'>;
export type Absence = Items<Ok<'/users/{id}/absences', 'get'>>;
export type MissedRules = Ok<'/settings/missed-calls', 'get'>;
export type WrapUpRules = Ok<'/settings/wrap-up', 'get'>;
export type Info = Ok<'/info', 'get'>;
export type ClientRow = Items<Ok<'/clients', 'get'>>;
export type ClientCard = Ok<'/clients/{id}', 'get'>;
export type ClientInput = Body<'/clients', 'post'>;
export type ClientPatch = Body<'/clients/{id}', 'patch'>;
export type Phone = NonNullable<ClientCard['phones']>[number];
export type Email = NonNullable<ClientCard['emails']>[number];
export type Address = NonNullable<ClientCard['addresses']>[number];
export type PersonRef = NonNullable<ClientCard['persons']>[number];
export type HistoryItem = Items<Ok<'/clients/{id}/history', 'get'>>;
export type CallRecord = Items<Ok<'/calls', 'get'>>;
export type CallWhy = Ok<'/calls/{id}/why', 'get'>;
export type CallAction = Items<Ok<'/calls/{id}/actions', 'get'>>;
export type Recording = Items<Ok<'/calls/{id}/recordings', 'get'>>;
export type Obligation = Items<Ok<'/obligations', 'get'>>;
export type CallReport = Ok<'/reports/calls', 'get'>;
export type ReportRow = CallReport['total'];
export type Finding = NonNullable<Ok<'/pbx/{pbx}/doctor', 'get'>['findings']>[number];
export type TestCallResult = Ok<'/pbx/{pbx}/test-call', 'get'>;
export type Mapped = Ok<'/pbx/{pbx}/mapping', 'post'>;
export type Discovery = Ok<'/pbx/{pbx}/discovery', 'get'>;
export type CallResult = Items<Ok<'/wrapup-results', 'get'>>;
export type Queue = Items<Ok<'/queues', 'get'>>;
export type CallSummary = Ok<'/calls/summary', 'get'>;
export type Group = Items<Ok<'/groups', 'get'>>;
export type SearchHit = NonNullable<Ok<'/search', 'get'>['clients']>[number];
export type User = Items<Ok<'/users', 'get'>>;
export type PBXStatus = Items<Ok<'/pbx', 'get'>>;

/** Permissions of API.md that change what the page offers. */
export type Permission =
  | 'clients.read'
  | 'clients.write'
  | 'clients.delete'
  | 'calls.read'
  | 'calls.read_all'
  | 'calls.dial'
  | 'calls.control_all'
  | 'calls.supervise'
  | 'recordings.listen'
  | 'recordings.manage'
  | 'numbers.full'
  | 'reports.read'
  | 'queues.manage'
  | 'settings.manage'
  | 'users.manage'
  | 'pbx.manage';
