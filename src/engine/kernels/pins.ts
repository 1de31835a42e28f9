import type { Change } from './change.ts';
import { CHANGES } from './changes.ts';
import { dies, ok, stuck, type Effect } from './effect.ts';
import { row } from './row.ts';

/** Releasing a pin whose pgmap is gone: dropped by its owner, or by the owner's exit; null where none gets there. */
interface Release {
  readonly drop: Effect;
  readonly exit: Effect;
}
const releases = row<Release | null>;
const symbols = row<string | null>;

const pipe = 'page_cache_pipe_buf_release' as const;
const pipeHangs: Release = { drop: dies(pipe), exit: stuck(pipe) };
const pipeDies: Release = { drop: dies(pipe), exit: dies(pipe) };
const bufHangs: Release = { drop: stuck('io_buffer_unmap'), exit: ok };
const bufDies: Release = { drop: dies('io_release_ubuf'), exit: ok };
/** In which function the task is struck changed apart from what becomes of it. */
const bufOf = (has: (change: Change) => boolean): Release | null => {
  if (!has(CHANGES.gup_of_io_uring)) return null;
  const at = has(CHANGES.io_uring_bvecs) ? 'io_release_ubuf' : 'io_buffer_unmap';
  return { drop: has(CHANGES.io_uring_release) ? dies(at) : stuck(at), exit: ok };
};
/** A worker releases it: the call itself returns. */
const deferred: Release = { drop: ok, exit: ok };

const faults = 'write_fault_first' as const;
const refused = 'EOPNOTSUPP' as const;
const unpin = 'unpin_user_pages_dirty_lock' as const;

/** How kernels differ in pins, and in what becomes of one that outlives its pgmap. Rules C1, C5. */
// biome-ignore format: a table is read by its columns
export const PINS = {
  //                                v5.10    letter   posted   armed    v6.1     v6.12    v7.3
  /** A FOLL_LONGTERM | FOLL_WRITE pin of a stale fsdax entry. */
  io_uring_register_stale:     row([faults,  faults,  faults,  faults,  refused, refused, refused], 'check_dax_vmas(), check_vma_flags()', 'R134', CHANGES.check_vma_flags),
  io_uring_longterm_on_devdax: row([refused, refused, refused, refused, refused, 'ok',    'ok'],    'io_pin_pages()',                      'R113', CHANGES.gup_of_io_uring),
  pin_release_after_removal: {
    //                  v5.10  letter  posted  armed  v6.1       v6.12      v7.3
    vmsplice: releases([null,  null,   null,   null,  pipeHangs, pipeHangs, pipeDies], 'page_cache_pipe_buf_release()',        'R126', CHANGES.extra_refcount, CHANGES.pipe_release),
    io_uring: { ...releases([null,  null,   null,   null,  null,      bufHangs,  bufDies],  'io_buffer_unmap(), io_release_ubuf()', 'R123', CHANGES.gup_of_io_uring, CHANGES.io_uring_bvecs, CHANGES.io_uring_release), by: bufOf },
    xdp:      releases([null,  null,   null,   null,  deferred,  deferred,  deferred], 'xdp_umem_release_deferred()',          'R125', CHANGES.extra_refcount),
  },
  /** Where the worker oopses that a release by exit is left to: the process itself still ends. */
  worker_oops_at: {
    //                 v5.10  letter  posted  armed  v6.1   v6.12              v7.3
    io_uring: symbols([null,  null,   null,   null,  null,  'io_buffer_unmap', 'io_release_ubuf'], 'io_buffer_unmap(), io_release_ubuf()', 'R123', CHANGES.gup_of_io_uring, CHANGES.io_uring_bvecs),
    xdp:      symbols([null,  null,   null,   null,  unpin, 'gup_folio_next',  unpin],             'xdp_umem_release_deferred()',          'R125', CHANGES.extra_refcount, CHANGES.gup_inlined, CHANGES.gup_inlined_again),
  },
};
