import type { Host } from '../model/host.ts';
import { hostRecord } from '../model/transaction.ts';
import type { Profile } from './profile.ts';
import { PROFILES } from './profiles.ts';
import type { Facts } from './tables.ts';

/** The profile of the host's kernel. */
export function profileOf(host: Host): Profile {
  return PROFILES[hostRecord(host).kernel];
}

/** What the tables say of the host's kernel. */
export function factsOf(host: Host): Facts {
  return profileOf(host).facts;
}
