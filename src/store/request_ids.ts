import { withDashes } from './event_id.ts';

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

/** A request's id as the journal has it: each event has one, and most are in the form of a UUID, of which that is 16 bytes. */
export type StoredRequestId = string | Buffer | null;

/** The id as it is stored. */
export function packRequestId(id: string | null): StoredRequestId {
  return id !== null && UUID.test(id) ? Buffer.from(id.replaceAll('-', ''), 'hex') : id;
}

/** The id that is stored so. */
export function requestIdOf(stored: StoredRequestId): string | null {
  return Buffer.isBuffer(stored) ? withDashes(stored.toString('hex')) : stored;
}
