/** What a process does to a file system that is frozen: it waits in the kernel, and goes on when that thaws; bytes. */
export interface FrozenCall {
  readonly file_system: string;
  readonly file: string;
  /** It stores through this mapping; null: pwrite(2) of the file. */
  readonly mapping: string | null;
  readonly offset: number;
  readonly length: number;
}
