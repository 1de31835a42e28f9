import type { Coverage, Spans } from './coverage.ts';
import type { PfnRange } from './pfn_range.ts';
import type { Resource } from './resource.ts';
import type { ExposureReason } from './vocabulary.ts';

/** The time in which a process reaches pfns of a device that belong to another generation or tenant. */
export interface Exposure extends Resource {
  readonly id: string;
  readonly dax_device: string;
  readonly pid: number;
  readonly comm: string;
  /** Why the pfns are another's: of another generation, or handed to another tenant as they were (EX14). */
  readonly reason: ExposureReason;
  /** Who reaches: the tenant of the process, and the generation its mappings or pins were given the pfns under. */
  readonly tenant: string | null;
  readonly generation: number;
  /** Whose the pfns are now. */
  readonly to_tenant: string | null;
  readonly to_generation: number;
  /** The mappings and pins through which it reaches, in order of creation: the first 100. */
  readonly windows: readonly ExposureWindow[];
  /** How many windows there are, where more than 100. */
  readonly cut?: { readonly windows: number };
  /** Of all windows, each once. */
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

/** A mapping or a pin through which a process reaches, and the pages that it reaches. */
export interface ExposureWindow {
  readonly mapping: string | null;
  readonly pin: string | null;
  readonly pages: number;
  readonly writable_pages: number;
}

/** What makes windows one exposure (EX3). */
export interface Onto
  extends Pick<Exposure, 'dax_device' | 'pid' | 'reason' | 'generation' | 'to_generation'> {
  /** keyOf() of window.ts. */
  readonly key: string;
}

/** Where one mapping or pin reaches another owner's pfns now. */
export interface Window {
  /** Of the mapping or pin. */
  readonly id: string;
  readonly is_pin: boolean;
  /** Grows with creation among the mappings and pins of a host. */
  readonly number: number;
  /** Of the exposure that it belongs to. */
  readonly onto: Onto;
  /** Each page once, in ascending order. */
  readonly reached: Spans;
  readonly writable: Spans;
  readonly pages: number;
  readonly writable_pages: number;
}

/**
 * What the exposures that are open reach, beside the host and never stored: a window that comes or goes costs its own
 * pages, however many others its exposure has.
 */
export interface OpenExposures {
  /** By the mapping or pin that is the window. */
  readonly windows: Map<string, Window>;
  /** By keyOf() of window.ts. */
  readonly by_key: Map<string, OpenExposure>;
}

/** One exposure that is open. */
export interface OpenExposure {
  /** Its id; null until the command that counts its first windows has put it. */
  exposure: string | null;
  /** In order of creation of what they go through. */
  windows: Window[];
  /** Their union: how many read and write each page. */
  coverage: Coverage;
}
