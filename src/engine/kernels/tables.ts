import { STALE, STALE_STORE } from './stale.ts';

/** Every table: what kernels differ in, beside the steps of a removal. */
export const TABLES = {
  stale: STALE,
  stale_store: STALE_STORE,
};
