import type { ControlPlane } from '../app/control_plane.ts';

/** What the routes ask of the application: everything but its start and end. */
export type Backend = Pick<
  ControlPlane,
  | 'submit'
  | 'submitBatch'
  | 'ask'
  | 'get'
  | 'getText'
  | 'getTextByUid'
  | 'list'
  | 'assess'
  | 'countFleetText'
  | 'events'
  | 'onCommit'
  | 'check'
  | 'figures'
  | 'onBatch'
  | 'status'
  | 'waitForRemoval'
  | 'service'
  | 'faults'
  | 'importInventory'
  | 'exportInventory'
>;

export type RecordText = NonNullable<Awaited<ReturnType<Backend['getText']>>>;
export type Submission = Parameters<Backend['submit']>[0];
export type Submitted = Awaited<ReturnType<Backend['submit']>>;
export type StoreUnavailable = Extract<Submitted, { status: 'unavailable' }>['why'];
/** Every answer but that to what was done. */
export type NotDone = Exclude<Submitted, { status: 'done' }>;
/** What is told of a command that was done. */
export interface Reply<Answer> extends Pick<Extract<Submitted, { status: 'done' }>, 'exposures'> {
  readonly answer: Answer;
}
export type FleetCounts = Awaited<ReturnType<ControlPlane['countFleet']>>;
export type EventQuery = Parameters<Backend['events']>[0];
export type Figures = Awaited<ReturnType<Backend['figures']>>;
export type EventPage = Awaited<ReturnType<Backend['events']>>;
/** Of which state an answer is, and how far back the journal goes. */
export type Seen = Pick<EventPage, 'as_of' | 'oldest_seq'>;
export type ListQuery = Parameters<Backend['list']>[0];
export type Page = Exclude<Awaited<ReturnType<Backend['list']>>, { refused: unknown }>;
export type Place = NonNullable<ListQuery['after']>;
