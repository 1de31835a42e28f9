import type { DaxDevice } from '../../model/host.ts';

/** The CXL region that a device stands on, and how that is known. */
export type CxlLink = Pick<DaxDevice, 'cxl_region' | 'cxl_region_from'>;

/** What a device has that stands on none, or of which nobody has told one. */
export const NO_LINK: CxlLink = { cxl_region: null, cxl_region_from: null };
