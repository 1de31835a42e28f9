/** What a change point says a fact was before its change, and is after it, spelled as the tables do. */
export interface Told {
  readonly before: unknown;
  readonly after: unknown;
}

/** By key, row and the end of a change point that is told in words: what the tables have for it. */
const WORDS: Readonly<Record<string, unknown>> = {
  true: true,
  false: false,
  null: null,
  '1': 1,
  '8': 8,
  '12': 12,
  '[]': [],
  "['pmem']": ['pmem'],
  "['pmem','ram']": ['pmem', 'ram'],
  'no such step': null,
  '(no step)': null,
  'walks_past_last_ag: NULL perag, oops of the unbinding task (source only)': 'walks_past_last_ag',
  'exact on a whole device; on a PARTITION still too long by the partition start': 'exact',
};

const dies = (at: string) => ({ do: 'oops', at, task: 'dies' });
const hangs = (at: string) => ({ do: 'oops', at, task: 'stuck' });
const fine = { do: 'ok' };
const pipe = 'page_cache_pipe_buf_release';

/** Of keys whose values the tables have as records: parts of them, or how they differ from row to row. */
const OF_KEY: Readonly<Record<string, Readonly<Record<string, Told>>>> = {
  'smaps_stale.pmd': {
    '5.18': { before: { pmd: dies('smaps_pte_range') }, after: { pmd: dies('try_grab_page') } },
    '6.5': { before: { pmd: dies('try_grab_page') }, after: { pmd: fine } },
  },
  'pin_release_after_removal.vmsplice': {
    '5.18': { before: null, after: { drop: dies(pipe), exit: hangs(pipe) } },
  },
  'pin_release_after_removal.xdp': { '5.18': { before: null, after: { drop: fine, exit: fine } } },
  'pin_release_after_removal.io_uring': {
    '6.5': { before: null, after: { drop: hangs('io_buffer_unmap'), exit: fine } },
  },
  'pin_release_after_removal.io_uring.drop': {
    '6.13..7.3': { before: { drop: { task: 'stuck' } }, after: { drop: { task: 'dies' } } },
  },
  'pin_release_after_removal.vmsplice.exit': {
    '6.13..7.3': { before: { exit: hangs(pipe) }, after: { exit: dies(pipe) } },
  },
};

/** Of rows whose values are lists of calls: which call came, and which went. */
export const CALLS: Readonly<Record<string, Readonly<Record<string, Told>>>> = {
  '5.17': { 'lists.fsdax': { before: 'blk_cleanup_queue', after: 'memunmap_pages' } },
  '6.0': { 'lists.fsdax': { before: undefined, after: 'dax_holder_notify_failure' } },
  '6.13..6.17': { 'lists.cxl_memdev': { before: 'cxl_region_detach', after: '__cxl_decoder_detach' } },
};

/** Rows of a key whose own value is another than the key's. */
const OF_ROW: Readonly<Record<string, Told>> = {
  'steps.dax_holder_notify_failure.mf_flags 6.0': { before: null, after: '0' },
  'steps.memunmap_pages.waits_for 5.18': { before: 'page_refs', after: 'nothing' },
  'steps.blk_cleanup_queue.wait_in 5.17': { before: 'blk_mq_freeze_queue_wait', after: null },
};

/** What a row is before and after a change; null where the words leave it to the columns of two profiles. */
export function toldOf(key: string, path: string, when: string, before: string, after: string): Told | null {
  if (before.startsWith('as v')) return null;
  return (
    OF_ROW[`${path} ${when}`] ?? OF_KEY[key]?.[when] ?? { before: inWords(before), after: inWords(after) }
  );
}

function inWords(text: string): unknown {
  return text in WORDS ? WORDS[text] : text;
}

/**
 * Point releases of older branches that are told of a key: `with` have the change, `without` have not, `unseen` may
 * have it. All that the words about stable branches name is here.
 */
export const STABLE: Readonly<
  Record<string, { readonly with: string[]; readonly without: string[]; readonly unseen: string[] }>
> = {
  'memory_failure.dax_victims': { with: [], without: ['5.10.223', '5.10.261'], unseen: ['5.10.262'] },
  'memory_failure.ram_free_page': { with: [], without: ['5.10.193', '5.10.223'], unseen: [] },
  'memory_failure.ram_already_poisoned 5.13': { with: [], without: ['5.10.223'], unseen: [] },
  'smaps_stale.pmd': { with: [], without: ['6.4.13', '6.1.187'], unseen: [] },
  'notify.page_count_outside_last_ag 6.5': {
    with: ['6.1.112', '6.1.187', '6.1.192'],
    without: ['6.1.0', '6.1.111', '6.4.16'],
    unseen: [],
  },
  'notify.page_count_outside_last_ag 6.14': { with: [], without: ['6.12.95'], unseen: [] },
  'notify.mf_flags': { with: [], without: ['6.1.187', '6.1.192'], unseen: [] },
  'cxl.serial_zero_pmem': { with: [], without: ['6.12.95', '6.12.117'], unseen: [] },
  'memory_failure.no_struct_page': { with: ['6.19.6'], without: ['6.18.5'], unseen: [] },
  'cxl.decode_reset_before_release': { with: ['6.19.6'], without: ['6.18.5'], unseen: [] },
  'kmem.state_attr': { with: ['7.3.4'], without: ['7.2.6'], unseen: [] },
  ext4_error_sets_rdonly: {
    with: ['5.15.168', '6.1.113', '6.1.192', '6.11.4', '6.12.0'],
    without: ['5.10.223', '5.10.261', '5.15.167', '6.1.112', '6.6.56', '6.11.3', '6.10.14'],
    unseen: ['6.6.57', '5.10.262'],
  },
  'kmem.policy_follows_memory': {
    with: ['5.10.261', '6.1.178', '6.1.192', '6.12.117', '7.2.6'],
    without: [
      '5.10.223',
      '5.10.260',
      '5.15.168',
      '6.1.177',
      '6.6.57',
      '6.12.95',
      '6.17.8',
      '6.18.5',
      '6.19.6',
      '7.1.3',
    ],
    unseen: ['6.12.96', '6.12.116', '6.6.58', '5.15.169', '6.17.9', '6.18.6', '6.19.7', '7.0.1', '7.1.4'],
  },
};

/** Releases that the words about a branch name, and that are no statement of whether it has the change. */
export const NOT_OF_IT: readonly string[] = ['6.1.16', '6.12.48'];

/** What stands for a change whose words are no title and no commit. */
export const NO_TITLE = /^(consequence|same$|inlining)/;
