import type { Batch } from './batch_command.ts';
import type {
  AdvanceRemoval,
  Bind,
  BindCxlMemdev,
  BindCxlRegion,
  ClearErrors,
  CommitCxlRegion,
  CreateDaxDevice,
  DeleteDaxDevice,
  MemoryFailure,
  OfflineMemory,
  OnlineMemory,
  PatchDaxDevice,
  PatchMemoryBlock,
  RecordHotplugEvent,
  RemoveCxlMemdev,
  RemoveDaxDevice,
} from './device_command.ts';
import type { CreateHost, PatchHost, DeleteHost, Reboot, ImportInventory } from './host_command.ts';
import type { ForkHost, RestoreHost } from './kept_state.ts';
import type { CreateSnapshot, DeleteSnapshot } from './snapshot.ts';
import type { PutTopology } from './topology.ts';
import type {
  Access,
  CloseFile,
  CommitJournal,
  CreateFile,
  CreateMapping,
  CreateMount,
  CreatePin,
  CreateProcess,
  ExitProcess,
  FileIo,
  Freeze,
  Munmap,
  OpenFileCommand,
  Remount,
  ShutdownMount,
  Sync,
  Thaw,
  Umount,
  Unlink,
  Unpin,
} from './use_command.ts';

/** What may be done to one host. Fields are those of the request body; byte counts are already integers. */
export type Command =
  | CreateHost
  | PatchHost
  | DeleteHost
  | Reboot
  | ImportInventory
  | PutTopology
  | CreateDaxDevice
  | PatchDaxDevice
  | DeleteDaxDevice
  | Bind
  | RemoveDaxDevice
  | AdvanceRemoval
  | RecordHotplugEvent
  | PatchMemoryBlock
  | OnlineMemory
  | OfflineMemory
  | MemoryFailure
  | ClearErrors
  | BindCxlMemdev
  | RemoveCxlMemdev
  | CommitCxlRegion
  | BindCxlRegion
  | CreateMount
  | Umount
  | ShutdownMount
  | Freeze
  | Thaw
  | Remount
  | Sync
  | CommitJournal
  | CreateFile
  | FileIo
  | Unlink
  | CreateProcess
  | ExitProcess
  | OpenFileCommand
  | CloseFile
  | CreateMapping
  | Access
  | Munmap
  | CreatePin
  | Unpin
  | Batch
  | CreateSnapshot
  | DeleteSnapshot
  | RestoreHost
  | ForkHost;

/** The name of a command. */
export type CommandType = Command['type'];

/** What a command says beside its name. */
export type Fields<Type extends CommandType> = Omit<Extract<Command, { type: Type }>, 'type'>;

/** The command of that name; of several names, one of theirs. */
export type CommandOf<Type extends CommandType = CommandType> = {
  [Each in Type]: { readonly type: Each } & Fields<Each>;
}[Type];
