/** What streams of events may take. */
export interface StreamLimits {
  /** Streams at a time, of all clients. */
  readonly streams: number;
  /** Of these, those of one client. */
  readonly streams_per_client: number;
  /** How often a stream says how far it has come, whatever else is sent: less than a connection may be idle. */
  readonly heartbeat_ms: number;
  /** How long an event waits for others, to be sent together. */
  readonly coalesce_ms: number;
  /** A reader who leaves more than this unread, besides what was sent last, is told to begin anew. */
  readonly unsent_bytes: number;
  /** What such a reader gets to read the rest, before the connection is cut. */
  readonly drain_ms: number;
}

export const STREAM_LIMITS: StreamLimits = {
  streams: 1_000,
  streams_per_client: 100,
  heartbeat_ms: 15_000,
  coalesce_ms: 25,
  unsent_bytes: 2 ** 20,
  drain_ms: 10_000,
};
