import type { Resource } from '../engine/resource.ts';

/** The entity tag of a record: strong, new with every change and with every new owner of a name. The store compares the same. */
export function etagOf(record: Pick<Resource, 'uid' | 'revision'>): string {
  return `"${record.uid}.${String(record.revision)}"`;
}

/** Whether If-None-Match names this tag (weak comparison, RFC 9110 13.1.2). */
export function noneMatchNames(header: string | undefined, etag: string): boolean {
  if (header === undefined) return false;
  if (header.trim() === '*') return true;
  return header.split(',').some((tag) => tag.trim().replace(/^W\//, '') === etag);
}
