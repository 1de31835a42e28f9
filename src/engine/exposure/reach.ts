import { firstRanges } from '../model/coverage.ts';
import { ROWS_MAX } from '../model/cut.ts';
import type { Exposure, ExposureWindow, OpenExposure, Window } from '../model/exposure.ts';

type Reach = Pick<Exposure, 'windows' | 'cut' | 'pages' | 'writable_pages' | 'pfn_ranges'>;

const RANGES_MAX = 100;

/** What an open exposure shows of its windows (EX3, CUT1). O(what is shown, and the steps that its ranges are made of). */
export function reachOf({ windows, coverage }: OpenExposure): Reach {
  const { pages, writable_pages } = coverage;
  const cut = windows.length > ROWS_MAX ? { cut: { windows: windows.length } } : {};
  return {
    windows: windows.slice(0, ROWS_MAX).map(shown),
    ...cut,
    pages,
    writable_pages,
    pfn_ranges: firstRanges(coverage, RANGES_MAX),
  };
}

function shown({ id, is_pin, pages, writable_pages }: Window): ExposureWindow {
  return { mapping: is_pin ? null : id, pin: is_pin ? id : null, pages, writable_pages };
}
