import { isRefusal, type Refusal } from '../../src/engine/model/refusal.ts';
import type { Page } from '../../src/store/port.ts';

/** The records of a page of a list; throws where it was refused. */
export function listed<T = unknown>(page: Pick<Page, 'records'> | Refusal): T[] {
  if (isRefusal(page)) throw new Error(page.detail);
  return JSON.parse(`[${page.records}]`) as T[];
}
