import { READERS, readOn, type ListedEvent, type Reader } from './journal_readers.ts';
import { startRestarted, type RestartedService } from './service.ts';

/** How often readers leave, and how often the service is ended under them. */
export interface Course {
  readonly disconnects: number;
  readonly restarts: number;
}

/** What was seen of it. */
export interface Outcome {
  readonly events: number;
  readonly disconnects: number;
  readonly restarts: number;
  /** What was missing, doubled, out of order or other than in the journal, in words; empty where nothing was. */
  readonly faults: readonly string[];
}

const JSON_TYPE = { 'content-type': 'application/json' };

/**
 * Readers of several filters, some of them slow, follow a service that is written to, leave and come back, while it is
 * ended by kill -9 and SIGTERM in turn; in the end what each has read is compared with the journal.
 */
export async function runCourse({ disconnects, restarts }: Course): Promise<Outcome> {
  const service = await startRestarted();
  try {
    let [left, done] = [0, 0];
    const state: { expected: ReadonlyMap<string, readonly string[]> | null } = { expected: null };
    await prepare(await service.url());
    const writers = ['node-a', 'node-b'].map((host, place) =>
      writeUntil(service, host, place, () => left >= disconnects && done >= restarts),
    );
    const readers = READERS.map((kind, place) =>
      readOn(kind, place, {
        url: service.url,
        isAtEnd: ({ read }) =>
          state.expected !== null && read.length >= state.expected.get(kind.name)!.length,
        left: () => {
          left += 1;
        },
      }),
    );
    for (; done < restarts; done += 1) {
      const due = ((done + 1) * disconnects) / (restarts + 1);
      while (left < due) await write(await service.url(), 'node-b', 10_000 + left);
      await service.restart(done % 2 === 0 ? 'kill' : 'stop');
    }
    await Promise.all(writers);
    const journal = await readJournal(await service.url());
    state.expected = new Map(
      READERS.map(({ name, matches }) => [
        name,
        journal.filter(matches).map((event) => JSON.stringify(event)),
      ]),
    );
    const all = await Promise.all(readers);
    const faults = all.flatMap((reader) => faultsOf(reader, state.expected!.get(reader.kind.name)!));
    return { events: journal.length, disconnects: left, restarts: done, faults };
  } finally {
    await service.close();
  }
}

/** Two hosts with a device each, which a tenant has. */
async function prepare(url: string): Promise<void> {
  for (const host of ['node-a', 'node-b']) {
    await post(`${url}/v1/hosts`, { name: host, kernel: 'v6.12' });
    const device = { name: 'pmem0', mode: 'fsdax', size: '1GiB', tenant: 'blue' };
    await post(`${url}/v1/hosts/${host}/dax-devices`, device);
  }
}

/** Writes to a host, one request after another, whatever becomes of them: the journal is what counts. */
async function writeUntil(
  service: RestartedService,
  host: string,
  place: number,
  isOver: () => boolean,
): Promise<void> {
  for (let pid = 100_000 * (place + 1); !isOver(); pid += 1) await write(await service.url(), host, pid);
}

/** A process, of a tenant or of none, a removal of the device and its bind. */
async function write(url: string, host: string, pid: number): Promise<void> {
  const at = `${url}/v1/hosts/${host}`;
  const tenant = pid % 2 === 0 ? { tenant: 'blue' } : {};
  try {
    await post(`${at}/processes`, { pid, comm: 'proof', ...tenant });
    if (pid % 3 === 0) await fetch(`${at}/processes/${String(pid)}`, { method: 'DELETE' });
    if (pid % 5 === 0) {
      await post(`${at}/dax-devices/pmem0/remove`, { trigger: 'unbind' });
      await post(`${at}/dax-devices/pmem0/bind`, {});
    }
  } catch {
    // The service has gone under it.
  }
}

async function post(url: string, body: object): Promise<void> {
  const response = await fetch(url, { method: 'POST', headers: JSON_TYPE, body: JSON.stringify(body) });
  await response.arrayBuffer();
}

async function readJournal(url: string): Promise<ListedEvent[]> {
  const events: ListedEvent[] = [];
  for (let after: string | null = '0'; after !== null; ) {
    const response = await fetch(`${url}/v1/events?limit=500&after=${after}`);
    const page = (await response.json()) as {
      readonly items: ListedEvent[];
      readonly next_page: string | null;
    };
    events.push(...page.items);
    after = page.next_page;
  }
  return events;
}

/** Compared event by event: what was read has to be what the journal has, no more and no less, in its order. */
function faultsOf({ kind, read, resyncs }: Reader, expected: readonly string[]): string[] {
  const at = expected.findIndex((event, place) => read[place] !== event);
  const differs =
    at === -1
      ? []
      : [`${kind.name}: event ${String(at)} is ${String(read[at])}, not ${String(expected[at])}`];
  const more =
    read.length > expected.length ? [`${kind.name}: ${String(read.length - expected.length)} more`] : [];
  const lost = resyncs.filter((reason) => reason !== 'too_slow').map((reason) => `${kind.name}: ${reason}`);
  return [...differs, ...more, ...lost];
}
