import { renameSync } from 'node:fs';
import { decideAtOnce } from '../../../src/engine/decide.ts';
import type { Command } from '../../../src/engine/model/command.ts';
import type { Host } from '../../../src/engine/model/host.ts';
import type { Decide } from '../../../src/store/transact.ts';

/**
 * The engine with faults that a label on a host asks for: a bug that leaves the host half changed, a disk that fails,
 * a file (that of the store, `path`) that is moved away in the middle of a transaction, a thread that dies; a bug in
 * every step of a removal, for as long as the label is there.
 */
export function faultyDecide(path: string): Decide {
  return (host, command, context) => {
    const fault = faultIn(command);
    if (fault === 'bug') {
      for (const id of [...host.tables.processes.keys()]) host.tables.processes.delete(id);
      throw new TypeError('a bug');
    }
    if (command.type === 'advance_removal' && command.failed !== true && hasFaultySteps(host)) {
      throw new TypeError('a bug in a step');
    }
    if (fault === 'io_error') {
      throw Object.assign(new Error('disk I/O error'), { code: 'SQLITE_IOERR_FSYNC' });
    }
    if (fault === 'moved') renameSync(path, `${path}.away`);
    if (fault === 'death') process.exit(1);
    return decideAtOnce(host, command, context);
  };
}

function hasFaultySteps(host: Host): boolean {
  return [...host.tables.hosts.values()].some(({ labels }) => labels['fault'] === 'step');
}

function faultIn(command: Command): string | undefined {
  return command.type === 'patch_host' ? command.labels?.['fault'] : undefined;
}
