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
 * the record's own state, and so does that of a compressed answer; a weak one, or one that is not ours, names none.
 */
export function statesIn(ifMatch: string): '*' | readonly Pick<Resource, 'uid' | 'revision'>[] {
  const tags = ifMatch.split(',').map((tag) => tag.trim());
  if (tags.includes('*')) return '*';
  return tags.flatMap((tag) => {
    const [, uid, revision] = /^"([^"]+)\.(0|[1-9][0-9]{0,14})(?:~[0-9a-f]+)?(?:\+[a-z]+)?"$/.exec(tag) ?? [];
    return uid === undefined ? [] : [{ uid, revision: Number(revision) }];
  });
}

/** The digests that If-Match names, of what has no revision; a compressed answer has the same. */
export function digestsIn(ifMatch: string): readonly string[] {
  const digest = /^"([0-9a-f]{32})(?:\+[a-z]+)?"$/;
  return ifMatch.split(',').flatMap((tag) => digest.exec(tag.trim())?.slice(1) ?? []);
}

/** The tag of the same in a content coding; a weak one says nothing of bytes, and stays. */
export function encodedTag(etag: string, encoding: string): string {
  return etag.startsWith('"') ? `${etag.slice(0, -1)}+${encoding}"` : etag;
}

/**
 * The tag that a 304 names where If-None-Match names this one (weak comparison, RFC 9110 13.1.2), in whatever coding the
 * client has it: a cache looks for the answer that it keeps by that. Of several it is one in a coding that the
 * client asks for now. Null where it is not named.
 */
export function namedTag(
  ifNoneMatch: string | undefined,
  etag: string,
  acceptEncoding: string | undefined = '',
): string | null {
  if (ifNoneMatch === undefined) return null;
  if (ifNoneMatch.trim() === '*') return etag;
  const codings = ifNoneMatch
    .split(',')
    .flatMap((tag) => codingOf(tag.trim().replace(/^W\//, ''), etag) ?? []);
  const coding = codings.find((named) => named !== '' && acceptEncoding.includes(named)) ?? codings[0];
  if (coding === undefined) return null;
  return coding === '' ? etag : encodedTag(etag, coding);
}

/** In which coding a tag names another's state: '' for none, null for another state. */
function codingOf(tag: string, etag: string): string | null {
  if (tag === etag) return '';
  const own = etag.slice(0, -1);
  if (!tag.startsWith(`${own}+`)) return null;
  return /^\+([a-z]+)"$/.exec(tag.slice(own.length))?.[1] ?? null;
}
