import { v7 } from 'uuid';
import { apply, emptyHost } from '../../src/engine/model/apply.ts';
import { decide } from '../../src/engine/decide.ts';
import type { Event } from '../../src/engine/model/event.ts';
import type { Host, Kind } from '../../src/engine/model/host.ts';
import type { Resource } from '../../src/engine/model/resource.ts';
import { refuse } from '../../src/engine/model/refusal.ts';
import { foresee } from '../../src/engine/foresee.ts';
import { packJson, unpackJson } from '../../src/runtime/hand_over.ts';
import { createAssessor } from '../../src/runtime/assessor.ts';
import type { Fleet } from '../../src/store/load_fleet.ts';
import { parsePageToken, renderPageToken } from '../../src/store/page_token.ts';
import type {
  Asked,
  Commit,
  ListQuery,
  Store,
  StoredEvent,
  Submission,
  Submitted,
} from '../../src/store/port.ts';
import { removalStates } from '../../src/store/transact.ts';
import { decideIf } from '../../src/store/precondition.ts';
import { isFilter } from '../../src/store/tables.ts';

interface Memory {
  readonly hosts: Map<string, Host>;
  readonly events: StoredEvent[];
  readonly keys: Map<string, { fingerprint: string; submitted: Extract<Submitted, { status: 'done' }> }>;
  readonly listeners: Set<(commit: Commit) => void>;
  /** Order of creation of every record, by uid. */
  readonly order: Map<string, number>;
}

const STATUS = { wal_bytes: 0, last_checkpoint_at: null, checkpoint_failures: 0, degraded: null };

/** A Store in memory, on the engine's own decide and apply: for tests of what stands above it. */
export function createMemoryStore(): Store {
  const memory: Memory = {
    hosts: new Map(),
    events: [],
    keys: new Map(),
    listeners: new Set(),
    order: new Map(),
  };
  const assess = createAssessor(fleetOf(memory));
  return {
    submit: async (submission) => submit(memory, submission),
    submitPacked: async ({ asked, ...submission }) =>
      submit(memory, { ...submission, ...(unpackJson(asked) as Asked) }),
    snapshot: async ({ host, kinds }) => {
      const tables = memory.hosts.get(host)?.tables;
      if (tables === undefined) return null;
      return packJson(Object.fromEntries(kinds.map((kind) => [kind, [...tables[kind].values()]])));
    },
    get: async (kind, host, id) => clone(memory.hosts.get(host)?.tables[kind].get(id)),
    getByUid: async (kind, uid) =>
      clone(recordsOf(memory, kind).find((record) => record.uid === uid)) as never,
    list: async (query) => list(memory, query),
    events: async ({ after, limit, host }) => ({
      items: memory.events
        .filter((event) => event.seq > after && (host === undefined || event.host === host))
        .slice(0, limit),
      as_of: memory.events.length,
    }),
    assess: async (query) => assess(query),
    runningRemovals: async () =>
      recordsOf(memory, 'removals')
        .filter((record) => 'state' in record && record.state === 'running')
        .map((record) => ({ host: record.host, removal: record.uid })),
    onCommit: (listener) => {
      memory.listeners.add(listener);
      return () => memory.listeners.delete(listener);
    },
    check: async () => ({ journal_mode: 'memory', synchronous: 2, schema_version: 1, ...STATUS }),
    status: async () => STATUS,
    serveAt: () => undefined,
    close: async () => undefined,
  };
}

/** Every host anew, whatever is asked for: it is in memory already. */
function fleetOf(memory: Memory): Fleet {
  return {
    lastSeq: () => memory.events.length,
    changedSince: (seq) => [...new Set(memory.events.slice(seq).map(({ host }) => host))],
    load: () =>
      new Map(
        [...memory.hosts].map(([name, host]) => {
          const devices = [...host.tables.dax_devices.values()];
          return [
            name,
            { host, keys: new Map(devices.map((own) => [own.name, memory.order.get(own.uid) ?? 0])) },
          ];
        }),
      ),
  };
}

function submit(memory: Memory, submission: Submission): Submitted {
  const { host: name, command, precondition, dry_run, idempotency, imported } = submission;
  const kept = idempotency === undefined ? undefined : memory.keys.get(idempotency.key);
  if (kept !== undefined) {
    if (kept.fingerprint !== idempotency?.fingerprint) return { status: 'idempotency_mismatch' };
    return { ...kept.submitted, replayed: true };
  }
  const host = memory.hosts.get(name) ?? emptyHost();
  const run = dry_run === true ? foresee : decide;
  const decided = decideIf(host, precondition, () =>
    run(host, command, { now: new Date().toISOString(), uid: () => v7() }),
  );
  if ('denied' in decided) return decided.denied;
  const { answer, events } = decided.granted;
  if (dry_run !== true) commit(memory, name, host, events);
  const reply = structuredClone({ ...answer, ...(imported === undefined ? {} : { imported }) });
  const submitted = { status: 'done', reply, replayed: false, seq: memory.events.length } as const;
  if (idempotency !== undefined && dry_run !== true) {
    memory.keys.set(idempotency.key, { fingerprint: idempotency.fingerprint, submitted });
  }
  return submitted;
}

function commit(memory: Memory, name: string, host: Host, events: readonly Event[]): void {
  const at = new Date().toISOString();
  const before = removalStates(host, events);
  for (const event of events) {
    apply(host, event);
    const { type, subject, data } = event;
    const told = { type, subject, at, data: JSON.stringify(data) };
    memory.events.push({ seq: memory.events.length + 1, id: v7(), host: name, ...told });
  }
  if (host.tables.hosts.size === 0) memory.hosts.delete(name);
  else memory.hosts.set(name, host);
  const changes = events.flatMap((event) => event.changes);
  for (const change of changes) {
    if (change.op === 'put' && !memory.order.has(change.record.uid)) {
      memory.order.set(change.record.uid, memory.order.size + 1);
    }
  }
  if (events.length === 0) return;
  const changed = new Set(
    changes.flatMap((change) => (change.op === 'put' && change.kind === 'removals' ? [change.id] : [])),
  );
  const removals = [...changed].flatMap((id) => {
    const record = host.tables.removals.get(id);
    if (record === undefined) return [];
    const { uid, state } = record;
    return [{ host: name, removal: id, uid, state, before: before.get(id) ?? null }];
  });
  // After the submission is answered, as the port says.
  setImmediate(() => {
    for (const listener of memory.listeners) listener({ seq: memory.events.length, removals });
  });
}

function recordsOf(memory: Memory, kind: Kind): Resource[] {
  return [...memory.hosts.values()].flatMap((host): Resource[] => [...host.tables[kind].values()]);
}

function list(memory: Memory, query: ListQuery): Awaited<ReturnType<Store['list']>> {
  const { kind, host, filters, limit, page_token } = query;
  const after = page_token === undefined ? 0 : parsePageToken(kind, page_token);
  if (after === null)
    return refuse('invalid_field', 'the page token is of no page of this list', { pointer: '/page_token' });
  const unknown = Object.keys(filters).find((field) => !isFilter(kind, field));
  if (unknown !== undefined)
    return refuse('invalid_field', `${kind} are not filtered by ${unknown}`, { pointer: `/${unknown}` });
  const wanted = Object.entries(filters).map(([field, value]) => [field, String(value)] as const);
  const keyed = recordsOf(memory, kind)
    .map((record) => ({ record, key: memory.order.get(record.uid) ?? 0 }))
    .filter(({ record, key }) => key > after && (host === undefined || record.host === host))
    .filter(({ record }) => wanted.every(([field, value]) => fieldOf(record, field) === value))
    .sort((a, b) => a.key - b.key);
  const page = keyed.slice(0, limit);
  const last = page.at(-1);
  return {
    items: page.map(({ record }) => JSON.stringify(record)),
    next_page: keyed.length > limit && last !== undefined ? renderPageToken(kind, last.key) : null,
    as_of: memory.events.length,
  };
}

function fieldOf(record: Resource, field: string): string {
  const fields = record as unknown as Record<string, unknown>;
  const value = field === 'id' ? (fields['id'] ?? fields['name'] ?? fields['pid']) : fields[field];
  if (typeof value === 'boolean') return value ? '1' : '0';
  return typeof value === 'string' || typeof value === 'number' ? String(value) : '';
}

function clone<T>(record: T | undefined): T | null {
  return record === undefined ? null : structuredClone(record);
}
