import { inCore } from '../mm/page_cache.ts';
import { findExtent } from '../model/extents.ts';
import type { File, Host, Mount } from '../model/host.ts';
import { fileSystemOf, filesOf } from '../model/lookup.ts';
import { countPages, intersect, type PfnRange } from '../model/pfn_range.ts';
import { unknownOutcome, type Refusal } from '../model/refusal.ts';
import type { Transaction } from '../model/transaction.ts';

/**
 * What nobody has said of a holder that is asked for pages: of those outside its partition (S22), and of those of a file
 * in core that is not DAX, which some kernels pass over and others end at (S24).
 * Source: fs/xfs/xfs_notify_failure.c xfs_dax_notify_failure(), xfs_dax_failure_fn().
 */
export function refusesHook(tx: Transaction, mount: Mount, range: PfnRange): Refusal | null {
  const { start_pfn, nr_pages } = fileSystemOf(tx.host, mount.file_system);
  if (countPages(intersect([range], [[start_pfn, nr_pages]])) < range[1])
    return unknownOutcome(
      `${mount.id} is asked for pages outside its partition: what memory_failure() comes to there is not in the sources read`,
    );
  const cached = filesOf(tx.host, mount.file_system).find(
    (file) => !file.dax && inCore(tx.host, file) && isHit(tx.host, file, range),
  );
  if (cached === undefined) return null;
  return unknownOutcome(
    `memory_failure() of a page of ${cached.id}, which is in the page cache of an xfs with rmapbt, is not in the sources read`,
  );
}

function isHit(host: Host, file: File, range: PfnRange): boolean {
  const hit = findExtent(host, file, ({ pfn, nr_pages }) => intersect([[pfn, nr_pages]], [range]).length > 0);
  return hit !== undefined;
}
