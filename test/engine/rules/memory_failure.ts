import type { KernelName } from '../../../src/engine/model/vocabulary.ts';
import type { Rule } from '../observe.ts';
import { fail, poisonCommand, scene } from '../poison.ts';
import { codeOf, onAll, type Refused } from '../refused.ts';
import { cached } from '../rig.ts';
import { accessCommand, addDevice, DEVICE, machine, MIB } from '../support.ts';
import { ACCESS_RULES } from './poison_access.ts';
import { STATE_RULES } from './poison_state.ts';
import { RAM_RULES } from './poison_ram.ts';
import { VICTIM_RULES } from './poison_victims.ts';

export const MEMORY_FAILURE_RULES: readonly Rule[] = [
  ...VICTIM_RULES,
  ...ACCESS_RULES,
  ...STATE_RULES,
  ...RAM_RULES,
];

/** MADV_HWPOISON of a page of the page cache. */
function ofPageCache(kernel: KernelName): readonly string[] {
  const { made, mapper } = cached(kernel);
  return [codeOf(made, accessCommand(mapper().mapping, 'madvise_hwpoison'))];
}

function beyondTheDevice(kernel: KernelName): readonly string[] {
  const made = machine(kernel);
  addDevice(made);
  const at = { made, device: DEVICE, base: (64 * MIB) / 4096, who: {} };
  return [codeOf(made, poisonCommand(at, { source: 'debugfs' }))];
}

/** A copied page is anonymous memory of no device here. */
function ofCopiedPage(kernel: KernelName): readonly string[] {
  const at = scene(kernel, 'ext4', { caller: { flags: ['private'], touched: 'cow' } });
  return [codeOf(at.made, poisonCommand(at, { source: 'madvise', by: 'caller' }))];
}

/** Its removal while it is mounted. */
function ofPoisonedRmapbt(kernel: KernelName): readonly string[] {
  const at = scene(kernel, 'rmapbt', { caller: {} });
  fail(at, { source: 'madvise', by: 'caller' });
  return [codeOf(at.made, { type: 'remove_dax_device', dax_device: DEVICE, trigger: 'unbind' })];
}

const SERIES_UNKNOWN = {
  'force-unmap': ['outcome_unknown'],
  'force-unmap-v5.10': ['outcome_unknown'],
  'force-unmap-v5.12': ['outcome_unknown'],
} as const;

export const MEMORY_FAILURE_REFUSED: readonly Refused[] = [
  { rule: 'M30', reason: 'files that share blocks: no command of the API makes a reflink' },
  { rule: 'M31', reason: 'files that share blocks: no command of the API makes a reflink' },
  { rule: 'M32', reason: 'an xfs has no realtime device here' },
  { rule: 'M37', reason: 'read(2) and write(2) of a device-dax node: file calls take files' },
  {
    rule: 'M40',
    reason: 'offsets count from the start of the data: the area of struct pages lies before it',
  },
  {
    rule: 'M46',
    reason: 'the cell of the series is unknown to its source: the removal is refused',
    proof: { act: ofPoisonedRmapbt, codes: SERIES_UNKNOWN },
  },
  { rule: 'M51', reason: 'vm.memory_failure_recovery is 1: the sysctl is not modelled' },
  { rule: 'M52', reason: 'hwpoison/unpoison-pfn is no source of the API' },
  {
    rule: 'M53',
    reason: 'MADV_HWPOISON of a copied page is of anonymous memory that no device has',
    proof: { act: ofCopiedPage, codes: onAll('not_modelled') },
  },
  {
    rule: 'M54',
    reason: 'a page of the page cache is ordinary RAM, of no device',
    proof: { act: ofPageCache, codes: onAll('not_modelled') },
  },
  { rule: 'M55', reason: 'as M54, dirty' },
  { rule: 'M57', reason: 'what the kernel itself keeps in system RAM is not modelled' },
  { rule: 'M144', reason: 'processes have no capabilities: who asks is root' },
  {
    rule: 'M145',
    reason: 'a pfn of no device is outside every range the API takes',
    proof: { act: beyondTheDevice, codes: onAll('out_of_range') },
  },
];
