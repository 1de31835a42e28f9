/** What every resource has: an immutable uid (UUIDv7) and a revision that counts its changes from 1. */
export interface Resource {
  readonly uid: string;
  readonly revision: number;
  readonly host: string;
}

/** What an operator notes of a host or a device: names and texts of theirs. */
export type Labels = Readonly<Record<string, string>>;
