import { copyOut, mlock, msync, rd, touch, wr } from './accesses.ts';
import { map, munmap, open, remap } from './descriptors.ts';
import { bind, todevdax, tofsdax, unbind } from './devices.ts';
import { chattrDax, file, sparse, unlink } from './files.ts';
import { fsync, pread, pwrite } from './io.ts';
import { block, blocks, fill, scan, tokmem } from './memory.ts';
import { mount, shutdown, umount, umountLazy } from './mounts.ts';
import { pin, unpin } from './pins.ts';
import { poison } from './poison.ts';
import { alive, fork, kill } from './processes.ts';
import { devdax, early, fsdax, mkfs, proc } from './setup.ts';
import { sh } from './shell.ts';
import { sync } from './shell_files.ts';
import { sigs } from './signals.ts';
import type { Act } from './stage.ts';
import { state } from './state.ts';

/** Every verb of a sequence. */
export const VOCABULARY: Readonly<Record<string, Act>> = {
  ...{ early, fsdax, devdax, mkfs, proc },
  ...{ mount, umount, 'umount-lazy': umountLazy, shutdown, sync },
  ...{ file, sparse, 'chattr-dax': chattrDax, unlink },
  ...{ open, map, remap, munmap },
  ...{ touch, rd, wr, msync, copy_out: copyOut, mlock },
  ...{ pread, pwrite, fsync },
  ...{ fork, kill, sigs, alive },
  ...{ unbind, bind, todevdax, tofsdax, tokmem },
  ...{ poison, pin, unpin },
  ...{ blocks, block, fill, scan },
  ...{ state, sh },
};

/** What a process does or is asked; its later calls are not tried while one has not returned. */
export const DEATH_IS_THE_ANSWER = new Set([
  ...['sigs', 'rd', 'wr', 'touch', 'copy_out', 'msync', 'pread', 'pwrite', 'fsync', 'pin', 'unpin'],
  ...['poison', 'fill', 'scan'],
]);
