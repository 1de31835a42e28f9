import type { PfnRange } from './pfn_range.ts';
import type { Resource } from './resource.ts';
import type { ExposureReason } from './vocabulary.ts';

/** A window in which a mapping or pin reaches pfns that belong to another generation or tenant. */
export interface Exposure extends Resource {
  readonly id: string;
  readonly dax_device: string;
  readonly mapping: string | null;
  readonly pin: string | null;
  readonly pid: number;
  readonly comm: string;
  /** Why the pfns are another's: of another generation, or handed to another tenant as they were (EX14). */
  readonly reason: ExposureReason;
  /** Who reaches: the tenant of the process, and the generation its mapping or pin was made under. */
  readonly tenant: string | null;
  readonly generation: number;
  /** Whose the pfns are now. */
  readonly to_tenant: string | null;
  readonly to_generation: number;
  readonly pages: number;
  readonly writable_pages: number;
  /** Cut to 100. */
  readonly pfn_ranges: readonly PfnRange[];
  readonly open: boolean;
  /** The event that opened it, as `type subject`, and when. */
  readonly opened_by: string;
  readonly opened_at: string;
  readonly closed_by: string | null;
  readonly closed_at: string | null;
}
