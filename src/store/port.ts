import type { AnswerTo, AnswerToQuestion } from '../engine/answer.ts';
import type { CommandOf, CommandType } from '../engine/model/command.ts';
import type { EventType } from '../engine/model/event.ts';
import type { Exposure } from '../engine/model/exposure.ts';
import type { HazardKind } from '../engine/model/hazard_kind.ts';
import type { Kind, RecordOf } from '../engine/model/host.ts';
import type { QuestionOf, QuestionType } from '../engine/model/question.ts';
import type { Refusal } from '../engine/model/refusal.ts';
import type { RemovalState, Verdict } from '../engine/model/vocabulary.ts';
import type { Assessment } from '../engine/questions/record.ts';
import type { CheckpointState } from './checkpoint.ts';
import type { Unavailable } from './fault.ts';
import type { Figures } from './figures.ts';
import type { FleetCounts } from './fleet_counts.ts';
import type { ServiceAnswerTo, ServiceCommandType, ServiceKind } from '../service/command.ts';
import type { ServiceReads, ServiceSubmission } from './service/port.ts';
import type { Idempotency, RecordState, Seen } from './state.ts';

/**
 * What the application may ask of a store. Every change goes through `submit`; reads see only what is
 * committed. Asynchronous, so that a store on another machine can stand behind it; the contract suite in
 * test/contract runs against every implementation.
 */
export interface Store {
  /** Runs one command on one host, durably committed before the promise resolves (group commit). */
  submit<Type extends CommandType>(submission: Submission<Type>): Promise<Submitted<AnswerTo<Type>>>;
  /** The same of an import that another thread has packed: this one never holds its objects. */
  submitPacked(submission: PackedSubmission): Promise<Submitted<AnswerTo<'import_inventory'>>>;
  /** The same of a batch, whose answer comes packed: no objects are made of it on its way. */
  submitBatch(submission: Submission<'batch'>): Promise<Submitted<ArrayBuffer>>;
  /** Answers a question about one host, of what is committed. Nothing changes. */
  ask<Type extends QuestionType>(inquiry: Inquiry<Type>): Promise<Submitted<AnswerToQuestion<Type>>>;
  /** One record as the API shows it, or null. */
  get<K extends Kind>(kind: K, host: string, id: string): Promise<RecordOf<K> | null>;
  /** One record by its uid alone (removals, hotplug events). */
  getByUid<K extends Kind>(kind: K, uid: string): Promise<RecordOf<K> | null>;
  /** The same as the text that is stored: nobody parses it. */
  getText(kind: Kind, host: string, id: string): Promise<RecordText | null>;
  getTextByUid(kind: Kind, uid: string): Promise<RecordText | null>;
  /** Records of one host, all of the same state, packed: `PackedRecords` once unpacked. Null where there is no such host. */
  packedRecords(query: PackedRecordsQuery): Promise<ArrayBuffer | null>;
  /**
   * One page, in order of creation or sorted; a filter or sort that is not ours is refused with `invalid_field`. Times
   * are read from an index where the sort is `created_at`.
   */
  list(query: ListQuery): Promise<Page | Refusal>;
  /** A page of the journal. */
  events(query: EventQuery): Promise<EventPage>;
  /**
   * What a removal of each device of the fleet now would leave; pages as those of `list`; refused with
   * `host_not_found`, `dax_device_not_found` where a filter names a host, or a device of a named host, that is none.
   */
  assess(query: AssessmentQuery): Promise<AssessmentPage | Refusal>;
  /**
   * Counts of the fleet; where a few hosts have changed they are assessed for it (FLEET1). Whole ones are told again
   * until somebody writes.
   */
  countFleet(): Promise<FleetCounts>;
  /** The same as JSON: no objects are made of it on its way. */
  countFleetText(): Promise<string>;
  /** Removals that are `running`: what the executor has to advance at start, for whom their last event was. */
  runningRemovals(): Promise<readonly RunningRemoval[]>;
  /** Called after each commit that changed something, before whoever waits for one of its submissions goes on. */
  onCommit(listener: (commit: Commit) => void): () => void;
  /** Proves by a commit that the store serves durably. Throws where its settings (journal mode, synchronous) do not. */
  check(): Promise<StoreHealth | Unavailable>;
  /** Called after each batch of the writer, whether it changed something or not. */
  onBatch(listener: (batch: WriterBatch) => void): () => void;
  /** What is watched of the fleet and of the journal, of what is committed; those who ask at the same time share it. */
  figures(): Promise<StoreFigures>;
  /** How the store stands, without asking its file anything. */
  status(): Promise<StoreStatus>;
  /** Webhooks and what else is not of a host. */
  readonly service: ServiceStore;
  /** Notes the address under which this process answers, for whoever finds the store taken. */
  serveAt(url: string): void;
  close(): Promise<void>;
}

/** Records of the service itself. */
export interface ServiceStore extends ServiceReads {
  /** Changes one, durably committed before the promise resolves, in the same batches as commands for hosts. */
  submit<Type extends ServiceCommandType>(
    submission: ServiceSubmission<Type>,
  ): Promise<Submitted<ServiceAnswerTo<Type>>>;
}

/** A command for one host, and under which conditions it is run. */
export interface Submission<Type extends CommandType = CommandType> {
  readonly host: string;
  readonly command: CommandOf<Type>;
  /**
   * Decided the same, but nothing is stored, not even the idempotency key. Removals that it would begin are answered as
   * they come to rest: completed, stuck or waiting.
   */
  readonly dry_run?: boolean;
  readonly idempotency?: Idempotency;
  /** For whom: its events tell. */
  readonly origin?: Origin;
  readonly precondition?: {
    readonly kind: Kind;
    readonly id: string;
    /** If-Match: the record must be in one of these states, or, of `*`, exist. What is not found stays so. */
    readonly states?: '*' | readonly RecordState[];
    /** Beside that its topology must be one of these, by their digests (topology_digest.ts). */
    readonly topologies?: readonly string[];
    /** If-None-Match of `*`: it must not exist. */
    readonly absent?: true;
  };
}

/** Who asked for a change, and in which request. */
export interface Origin {
  /** Null of what the service does of itself. */
  readonly request_id: string | null;
  /** The caller's trace context (W3C), where it gave one. */
  readonly traceparent: string | null;
  readonly actor: string;
}

/** A record as it is stored. */
export interface RecordText {
  /** `UID.REVISION`: no other state of any record has it. */
  readonly state: string;
  /** JSON as the API shows it. */
  readonly text: string;
}

/** An import whose command is packed (packJson). The store takes the bytes: they are gone for whoever submits. */
export interface PackedSubmission extends Omit<Submission<'import_inventory'>, 'command'> {
  readonly command: ArrayBuffer;
}

/** A question about one host. With a key its answer is kept, which is the writer's to do. */
export interface Inquiry<Type extends QuestionType = QuestionType> {
  readonly host: string;
  readonly question: QuestionOf<Type>;
  readonly idempotency?: Idempotency;
}

/** Which records of which host. */
export interface PackedRecordsQuery {
  readonly host: string;
  readonly kinds: readonly Kind[];
}

/** Those records, in order of creation. */
export type PackedRecords<K extends Kind> = { readonly [kind in K]: readonly RecordOf<kind>[] };

/** What came of a submission, or of an inquiry. */
export type Submitted<Answer = AnswerTo | AnswerToQuestion | ServiceAnswerTo> = Done<Answer> | NotDone;

/** It was granted, and is stored. */
export interface Done<Answer> extends Reply<Answer> {
  readonly status: 'done';
  /** It was answered before under the same key: this is what was said then. */
  readonly replayed: boolean;
  /** The highest event of the state that it is of. */
  readonly seq: number;
}

/** What is told of it. Plain JSON. */
export interface Reply<Answer = AnswerTo | AnswerToQuestion | ServiceAnswerTo> {
  readonly answer: Answer;
  /** Exposures that it opened: the first 100 (EX6). */
  readonly exposures: readonly Exposure[];
}

/** It was not, and nothing of it is stored. */
export type NotDone =
  | { readonly status: 'refused'; readonly refusal: Refusal }
  /** `exists`: what was to be absent. */
  | { readonly status: 'precondition_failed'; readonly exists?: true }
  /** The key was used with another request. */
  | { readonly status: 'idempotency_mismatch' }
  /** Nothing can be stored now. */
  | { readonly status: 'unavailable'; readonly why: Unavailable };

/** Which records of a kind, of one host or of all. */
export interface ListQuery {
  readonly kind: Kind;
  readonly host?: string;
  /** Equality on filter columns of the kind's table: `dax_device`, `mode`, `state`, `tenant`, `pid`, `mount`, … */
  readonly filters: Readonly<Record<string, string | number>>;
  /** Only records with all of these labels: their own or, of kinds without any, those of their dax device and host. */
  readonly labels?: readonly (readonly [name: string, value: string])[];
  /** Only records whose uid was given after, or before, these times; milliseconds since 1970. */
  readonly created_after_ms?: number;
  readonly created_before_ms?: number;
  /** In order of creation where absent. */
  readonly sort?: Sort;
  readonly limit: number;
  /** `last` of a former page of the same list in the same order: rows after that one. */
  readonly after?: Place;
}

/** A field that the kind's lists may be sorted by; rows that are equal in it are in order of creation. */
export interface Sort {
  readonly field: string;
  readonly descending: boolean;
}

/** Where a row stands in a list: its key, and in a sorted list what it is sorted by. */
export type Place = readonly [key: number] | readonly [key: number, value: string | number];

/** Rows of a list, all of one committed state. */
export interface Page extends Seen {
  /**
   * The elements of a JSON array of its records, with a comma and a line feed between two of them, which no record has.
   */
  readonly records: string;
  /** How many they are. */
  readonly count: number;
  /** Place of its last row where more follow; null at the end. */
  readonly last: Place | null;
}

/** Which devices of the fleet; each filter is a field of the assessment, `hazard` the kind of one of its hazards. */
export interface AssessmentQuery {
  readonly filters: Partial<
    Pick<Assessment, 'host' | 'dax_device' | 'mode' | 'kernel' | 'tenant' | 'verdict' | 'state' | 'holders'>
  > & { readonly hazard?: HazardKind };
  /** Only devices with all of these labels, each of their own or of their host. */
  readonly labels?: ListQuery['labels'];
  readonly limit: number;
  readonly after?: number;
}

/**
 * `items` are serialised assessments: fewer than asked for, or none, also where more follow. `summary` is over all pages
 * of the query.
 */
export interface AssessmentPage extends Seen {
  /** Serialised assessments, ready to be joined. */
  readonly items: readonly string[];
  /** Key of the last device that was looked at where others follow; null at the end. */
  readonly last: number | null;
  readonly summary: AssessmentSummary;
}

/** Devices by verdict; `waiting` have none yet, of `refused` there is no removal and nothing left of one (AS5). */
export interface AssessmentSummary extends Readonly<Record<Verdict | 'waiting' | 'refused', number>> {
  readonly devices: number;
  /** Not of these: devices of hosts that could not be assessed, a bug of this service that its log tells. */
  readonly not_assessed: number;
  /** Not of these yet: devices of hosts that nobody has assessed since an event concerned them (AS11). */
  readonly pending: number;
  /** Of all these, devices whose removal would harm somebody, and those that a former one has left reached. */
  readonly with_impact: number;
  readonly with_residue: number;
  /** Of all these, devices whose removal never ends, or never would. */
  readonly stuck: number;
  /** Of all these, devices about whose users nothing is known. */
  readonly not_told: number;
  /** Of all these, devices of which nobody has told all that goes with their CXL card. */
  readonly unknown: number;
}

/** An event as the journal has it. */
export interface StoredEvent {
  readonly seq: number;
  readonly id: string;
  readonly host: string;
  readonly type: EventType;
  readonly subject: string;
  readonly at: string;
  /** The origin; null where nobody has told, and of events that are older than these columns. */
  readonly request_id: string | null;
  readonly traceparent: string | null;
  readonly actor: string | null;
  /** Whom it concerns (concerns.ts). */
  readonly dax_device: string | null;
  readonly tenant: string | null;
  /** JSON text: that of an import names every device. */
  readonly data: string;
}

/** Which events: those that are all of this. */
export interface EventFilter {
  readonly host?: string;
  readonly dax_device?: string;
  readonly tenant?: string;
  /** Any of these; at least one. */
  readonly types?: readonly EventType[];
}

/** A page of the journal: events that follow a number in the order asked for. */
export interface EventQuery extends EventFilter {
  /** Events with higher numbers or, newest first, with lower ones; from either end where absent. */
  readonly after?: number;
  readonly newest_first?: boolean;
  readonly limit: number;
}

/**
 * Events in the order of their numbers, the highest first where that was asked for: as many as the limit, or fewer that
 * have 256 KiB of data, but always one where there is one.
 */
export interface EventPage extends Seen {
  readonly items: readonly StoredEvent[];
  /** It ends with the limit, or with the bytes: others may follow. */
  readonly is_full: boolean;
}

/** What a commit has changed. */
export interface Commit {
  /** The highest event seq it holds. */
  readonly seq: number;
  /** The removals it changed, as it left them. */
  readonly removals: readonly RemovalMark[];
  /** Kinds of the service's own records that it changed. */
  readonly service: readonly ServiceKind[];
}

/** The same, with what the threads of the store have to do. */
export interface StoreFigures extends Figures {
  /** Jobs that each is at, or that wait for it. */
  readonly jobs: Readonly<Record<'assessor' | 'asker' | 'decider' | 'reader', number>>;
}

/** One turn of the writer. */
export interface WriterBatch {
  /** Commands and questions in it. */
  readonly works: number;
  /** Until all of it was committed, and of that the COMMIT itself. */
  readonly turn_ms: number;
  readonly commit_ms: number;
  /** What is in its memory behind it, as it is estimated. */
  readonly cached_hosts: number;
  readonly cached_bytes: number;
}

/** A removal that a commit has changed. */
export interface RemovalMark {
  readonly host: string;
  readonly removal: string;
  readonly uid: string;
  /** null: it is gone, as a restore has those go that began since. */
  readonly state: RemovalState | null;
  /**
   * As it was before the commit, which may have changed something else of it; null where the commit began it. Of
   * one that was brought with the state of a host, restored or forked, it is its state.
   */
  readonly before: RemovalState | null;
  /** Of the request that began it, or has woken it; null where nobody has told. */
  readonly origin: Origin | null;
}

/** A removal whose next step is due. */
export type RunningRemoval = Pick<RemovalMark, 'host' | 'removal' | 'origin'>;

/** What is watched of the store while it runs. */
export interface StoreStatus extends CheckpointState {
  readonly wal_bytes: number;
}

/** What a commit just now has shown: the settings it was made with, and how the store stands. */
export interface StoreHealth extends StoreStatus {
  readonly journal_mode: string;
  readonly synchronous: number;
  readonly schema_version: number;
}
