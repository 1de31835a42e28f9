import type { CreateDaxDevice } from './device_command.ts';
import type {
  CreateFile,
  CreateMapping,
  CreateMount,
  CreatePin,
  CreateProcess,
  OpenFileCommand,
} from './use_command.ts';

/** What may be made many at a time. */
export type BatchedCommand =
  | CreateDaxDevice
  | CreateMount
  | CreateFile
  | CreateProcess
  | OpenFileCommand
  | CreateMapping
  | CreatePin;

/** Several commands, one after another: all of them or none. */
export interface Batch {
  readonly type: 'batch';
  /** At least one. */
  readonly items: readonly BatchedCommand[];
}
