import type { DeviceState, HostHealth } from '../engine/model/vocabulary.ts';
import type { ByWord, RemovalCounts } from './fleet_counts.ts';

/** Tenants that are told by name: those with the most open exposures. */
export const TENANTS_TOLD = 20;

/** What is watched of the fleet and of the journal. */
export interface Figures {
  readonly hosts: ByWord<HostHealth>;
  readonly dax_devices: ByWord<DeviceState>;
  readonly removals: RemovalCounts;
  readonly open_exposures: number;
  /** Of some tenants, those with the most; null is who has no name. Who has none open is left out. */
  readonly open_exposures_of: readonly { readonly tenant: string | null; readonly open_exposures: number }[];
  /** When the first began of the removals that wait, milliseconds since 1970; null where none waits. */
  readonly oldest_waiting_ms: number | null;
  /** Of memory that a removal left behind as System RAM, until a reboot. */
  readonly leaked_bytes: number;
  readonly webhooks: WebhookFigures;
  /** As those of the journal's pages. */
  readonly last_seq: number;
  readonly oldest_seq: number;
}

/** What is watched of all webhooks together. */
export interface WebhookFigures {
  /** `failing`: enabled, and no attempt has succeeded since one failed. */
  readonly state: ByWord<'ok' | 'failing' | 'disabled'>;
  /** Since when the one that has failed for longest does, milliseconds since 1970; null where none does. */
  readonly failing_since_ms: number | null;
  /** Up to where the slowest that is enabled has taken the journal; null without any. */
  readonly cursor: number | null;
  /** Since they were created. */
  readonly deliveries: ByWord<'pending' | 'delivered' | 'failed'>;
}
