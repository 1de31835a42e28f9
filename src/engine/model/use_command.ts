import type { OpenFlag } from './open_file.ts';
import type {
  AccessKind,
  Activity,
  DaxOption,
  FsType,
  IoKind,
  MapFlag,
  MceKillPolicy,
  PageSize,
  PinHolder,
  PinKind,
  Populate,
  Prot,
  RemountOption,
  SigbusDisposition,
} from './vocabulary.ts';

/** mount(8), after mkfs(8) where asked. */
export interface CreateMount {
  readonly type: 'create_mount';
  readonly dax_device: string;
  readonly path: string;
  readonly fs_type: FsType;
  readonly dax: DaxOption;
  readonly mkfs?: boolean;
  readonly rmapbt?: boolean;
  readonly reflink?: boolean;
  readonly agcount?: number;
  readonly partition?: number;
}

/** umount(2); `lazy` is umount -l. */
export interface Umount {
  readonly type: 'umount';
  readonly mount: string;
  readonly lazy: boolean;
}

/** The administrator shuts a file system down. */
export interface ShutdownMount {
  readonly type: 'shutdown_mount';
  readonly mount: string;
}

/** FIFREEZE of a file system, as fsfreeze(8) does it. */
export interface Freeze {
  readonly type: 'freeze';
  readonly mount: string;
}

/** FITHAW. */
export interface Thaw {
  readonly type: 'thaw';
  readonly mount: string;
}

/** `mount -o remount,ro` or `rw`. */
export interface Remount {
  readonly type: 'remount';
  readonly mount: string;
  readonly options: RemountOption;
}

/** sync(2), as far as it comes to that file system. */
export interface Sync {
  readonly type: 'sync';
  readonly mount: string;
}

/** kjournald2's periodic commit of ext4. */
export interface CommitJournal {
  readonly type: 'commit_journal';
  readonly mount: string;
}

/** A file with all its blocks; `dax` is its inode flag. */
export interface CreateFile {
  readonly type: 'create_file';
  readonly mount: string;
  readonly path: string;
  readonly size: number;
  readonly dax?: boolean;
  /** ftruncate(2) of an empty file: no blocks, one hole. */
  readonly sparse?: boolean;
}

/** pread(2), pwrite(2) or fsync(2) of a process; bytes. */
export interface FileIo {
  readonly type: 'file_io';
  readonly file: string;
  readonly pid: number;
  readonly kind: IoKind;
  readonly offset: number;
  readonly length: number;
}

/** unlink(2). */
export interface Unlink {
  readonly type: 'unlink';
  readonly file: string;
}

/** A process; with `parent_pid` a fork. */
export interface CreateProcess {
  readonly type: 'create_process';
  /** Chosen by the engine (one above the highest so far) where absent. */
  readonly pid?: number;
  readonly comm: string;
  readonly tenant?: string | null;
  readonly mce_kill?: MceKillPolicy;
  readonly sigbus?: SigbusDisposition;
  readonly parent_pid?: number;
}

/** exit(2), or SIGKILL from outside. */
export interface ExitProcess {
  readonly type: 'exit_process';
  readonly pid: number;
}

/** open(2) of a file, or of the node of a device. */
export interface OpenFileCommand {
  readonly type: 'open_file';
  readonly pid: number;
  readonly file?: string;
  readonly dax_device?: string;
  readonly flags: readonly OpenFlag[];
}

/** close(2). */
export interface CloseFile {
  readonly type: 'close_file';
  readonly open_file: string;
}

/** mmap(2) of a file or of the node of a device, opened for it, or through a descriptor; bytes. */
export interface CreateMapping {
  readonly type: 'create_mapping';
  readonly pid: number;
  readonly file?: string;
  readonly dax_device?: string;
  readonly open_file?: string;
  readonly offset: number;
  readonly length: number;
  readonly flags: readonly MapFlag[];
  readonly prot: Prot;
  readonly page_size?: PageSize;
  readonly populate?: Populate;
  readonly activity?: Activity;
}

/** Touches memory through a mapping, or lets the kernel do it; bytes from its start. */
export interface Access {
  readonly type: 'access';
  readonly mapping: string;
  readonly offset: number;
  readonly length: number;
  readonly kind: AccessKind;
  /** Of the kinds that another process may ask for: the process that looks. Absent: one that the host does not record. */
  readonly by_pid?: number;
}

/** munmap(2) of a whole mapping. */
export interface Munmap {
  readonly type: 'munmap';
  readonly mapping: string;
}

/** A gup of pages of a mapping; bytes from its start. */
export interface CreatePin {
  readonly type: 'create_pin';
  readonly pid: number;
  readonly mapping: string;
  readonly offset: number;
  readonly length: number;
  readonly kind: PinKind;
  readonly holder: PinHolder;
}

/** Whoever holds a pin lets it go. */
export interface Unpin {
  readonly type: 'unpin';
  readonly pin: string;
}
