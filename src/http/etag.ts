import { createHash } from 'node:crypto';
import type { Resource } from '../engine/model/resource.ts';

/** The entity tag of a record: strong, new with every change and with every new owner of a name. */
export function etagOf(record: Pick<Resource, 'uid' | 'revision'>): string {
  return stateTag(`${record.uid}.${String(record.revision)}`);
}

/** The same of a record's state in words: its uid, a dot, its revision. */
export function stateTag(state: string): string {
  return `"${state}"`;
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

/**
 * The states that If-Match names (a list of entity tags), or `*`. A tag of what is shown of a record with more names
 * the record's own state; a weak one, or one that is not ours, names none.
 */
export function statesIn(ifMatch: string): '*' | readonly Pick<Resource, 'uid' | 'revision'>[] {
  const tags = ifMatch.split(',').map((tag) => tag.trim());
  if (tags.includes('*')) return '*';
  return tags.flatMap((tag) => {
    const [, uid, revision] = /^"([^"]+)\.(0|[1-9][0-9]{0,14})(?:~[0-9a-f]+)?"$/.exec(tag) ?? [];
    return uid === undefined ? [] : [{ uid, revision: Number(revision) }];
  });
}

/** Whether If-None-Match names this tag (weak comparison, RFC 9110 13.1.2). */
export function noneMatchNames(header: string | undefined, etag: string): boolean {
  if (header === undefined) return false;
  if (header.trim() === '*') return true;
  return header.split(',').some((tag) => tag.trim().replace(/^W\//, '') === etag);
}
