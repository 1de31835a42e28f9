import { createHash } from 'node:crypto';
import type { Resource } from '../engine/model/resource.ts';

/** The entity tag of a record: strong, new with every change and with every new owner of a name. The store compares the same. */
export function etagOf(record: Pick<Resource, 'uid' | 'revision'>): string {
  return `"${record.uid}.${String(record.revision)}"`;
}

/** The entity tag of what has no revision: its content. */
export function contentTag(content: object): string {
  return `"${digestOf(content)}"`;
}

/**
 * The entity tag of what is shown of a record together with what others make of it (the pages in use of a memory
 * block): new with either. If-Match takes it for the record's own.
 */
export function viewTag({ uid, revision }: Pick<Resource, 'uid' | 'revision'>, view: object): string {
  return `"${uid}.${String(revision)}~${digestOf(view)}"`;
}

function digestOf(content: object): string {
  return createHash('sha256').update(JSON.stringify(content)).digest('hex').slice(0, 32);
}

/** Whether If-None-Match names this tag (weak comparison, RFC 9110 13.1.2). */
export function noneMatchNames(header: string | undefined, etag: string): boolean {
  if (header === undefined) return false;
  if (header.trim() === '*') return true;
  return header.split(',').some((tag) => tag.trim().replace(/^W\//, '') === etag);
}
