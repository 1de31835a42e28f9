import type { DaxDevice, Host } from '../model/host.ts';
import { pinsOfPid, processOf } from '../model/lookup.ts';
import { NAMED_MAX } from './clean_up_words.ts';
import type { AdvisedCommand } from './record.ts';

/**
 * Whether a process that can be ended could as well unmap and close by itself what it has of a device: it runs, and holds
 * no pin there, which outlives its mapping (ADV16).
 */
export function mayLetGo(host: Host, device: DaxDevice, pid: number): boolean {
  const holds = pinsOfPid(host, pid).some(({ dax_device }) => dax_device === device.name);
  return processOf(host, pid).state === 'running' && !holds;
}

/** What those may do instead that are to be ended; empty where nobody can. */
export function letGoWords(host: Host, device: DaxDevice, calls: readonly AdvisedCommand[]): string {
  const pids = calls.flatMap((call) => (call.type === 'exit_process' ? [call.pid] : []));
  const may = pids.filter((pid) => mayLetGo(host, device, pid));
  if (may.length === 0) return '';
  const more = may.length > NAMED_MAX ? ` and ${String(may.length - NAMED_MAX)} more` : '';
  const named = `${may.slice(0, NAMED_MAX).join(', ')}${more}`;
  const let_go =
    may.length === 1
      ? `process ${named} may itself unmap and close what it has`
      : `processes ${named} may themselves unmap and close what they have`;
  return `; instead of being ended, ${let_go} of ${device.name}`;
}
