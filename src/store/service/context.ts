import type { Refusal } from '../../engine/model/refusal.ts';
import type { RecordState } from '../state.ts';
import type {
  ServiceAnswerTo,
  ServiceCommandOf,
  ServiceCommandType,
  ServiceKind,
} from '../../service/command.ts';

/** When and for whom a command is done. */
export interface ServiceContext {
  readonly now_ms: number;
  readonly uid: () => string;
  /** The last event of the journal. */
  readonly seq: number;
  /** To be called where records of a kind are no more what others may have in memory. */
  readonly changed: (kind: ServiceKind) => void;
}

/** How a command is done, in the open transaction; a refusal has changed nothing. */
export interface ServiceHandler<Type extends ServiceCommandType> {
  readonly handle: (
    command: ServiceCommandOf<Type>,
    context: ServiceContext,
  ) => ServiceAnswerTo<Type> | Refusal;
  /** The record that If-Match speaks of, as it is; a command of a collection has none. */
  readonly target?: (command: ServiceCommandOf<Type>) => RecordState | null;
}

/** A handler of each command of these types. */
export type ServiceHandlers<Type extends ServiceCommandType> = {
  readonly [type in Type]: ServiceHandler<type>;
};

/** One of them, whichever. */
export interface AnyHandler {
  readonly handle: (command: never, context: ServiceContext) => ServiceAnswerTo | Refusal;
  readonly target?: (command: never) => RecordState | null;
}
