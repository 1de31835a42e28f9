import type { Resource } from './resource.ts';

/**
 * `unlinked`: no name leads to it, its inode and blocks stay until its last descriptor or mapping goes. `freeing`: that
 * has happened, and its eviction never ends: neither does its use of the file system. Source: fs/inode.c evict().
 */
export const FILE_STATES = ['linked', 'unlinked', 'freeing'] as const;

/** How an inode stands. */
export type FileState = (typeof FILE_STATES)[number];

/** The access mode of open(2). */
export const OPEN_FLAGS = ['rdonly', 'wronly', 'rdwr'] as const;

/** How a descriptor was opened. */
export type OpenFlag = (typeof OPEN_FLAGS)[number];

/**
 * A descriptor of a process: what it has open, and by which open file description (struct file). A fork, and each
 * mapping made through it, holds the same description, whose last holder is the last close. Source: fs/file_table.c fput().
 */
export interface OpenFile extends Resource {
  readonly id: string;
  readonly pid: number;
  readonly dax_device: string;
  /** The file's id, or null: the device node itself. */
  readonly file: string | null;
  readonly flags: readonly OpenFlag[];
  readonly description: string;
  /** The device instance whose inode it has open. */
  readonly device_instance: number;
  /**
   * The node of a device-dax, opened while that was not alive: dax_open() found no dev_dax for it, and it leads to none
   * for good (S14, S15).
   */
  readonly opened_dead: boolean;
}
