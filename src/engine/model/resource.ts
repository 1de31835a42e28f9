/** What every resource has: an immutable uid (UUIDv7) and a revision that counts its changes from 1. */
export interface Resource {
  readonly uid: string;
  readonly revision: number;
  readonly host: string;
}
