import { text } from './answer.ts';
import { hostPath } from './step.ts';
import type { Body, Check, Reply, Step } from './step.ts';
import type { RecordingView } from './view.ts';

const KIB = 1024;
const PAGE_KIB = 4;

/** What daxctl prints of the memory blocks: how many, how many online, all of them movable or not. */
export function listedBlocks(view: RecordingView, stdout: string): Step {
  const [device = {}] = (stdout === '' ? [] : JSON.parse(stdout)) as {
    online_memblocks?: number;
    total_memblocks?: number;
    movable?: boolean;
  }[];
  const { online_memblocks: online, total_memblocks: total, movable } = device;
  return {
    label: 'memory blocks',
    request: (world) =>
      world.call('GET', hostPath(world, `/dax-devices/${view.device}/memory-blocks?limit=500`)),
    checks: [
      {
        name: 'memory blocks',
        class: 'core',
        expected: blockWords(online ?? 0, total ?? 0, movable),
        actual: ({ body }) => {
          const blocks = itemsOf(body);
          const up = blocks.filter(({ state }) => state !== 'offline');
          const all = up.length === 0 ? undefined : up.every(({ zone }) => zone === 'Movable');
          return blockWords(up.length, blocks.length, all);
        },
      },
    ],
  };
}

function blockWords(online: number, total: number, movable: boolean | undefined): string {
  return `${online} of ${total} online${movable === undefined ? '' : movable ? ', movable' : ', not movable'}`;
}

function itemsOf(body: Body): Body[] {
  return (body.items ?? []) as Body[];
}

/** MemTotal of the node is what is online of the device; MemFree lacks what the kernel took for itself. */
export function nodeChecks(when: string, lines: readonly string[]): Check[] {
  const told = (field: string): string | null =>
    new RegExp(`${field}:\\s+(\\d+) kB`).exec(lines.join('\n'))?.[1] ?? null;
  const gone = lines.some((line) => line.includes('ENOENT'));
  const total = told('MemTotal');
  const free = told('MemFree');
  const online = (reply: Reply): Body[] => itemsOf(reply.body).filter(({ state }) => state !== 'offline');
  const kib = (blocks: readonly Body[]): number =>
    blocks.reduce((sum, { size }) => sum + Number(size), 0) / KIB;
  const used = (blocks: readonly Body[]): number =>
    blocks.reduce((sum, block) => sum + Number(block.pages_in_use), 0) * PAGE_KIB;
  const checks: Check[] = [
    {
      name: `node 1 ${when}`,
      class: 'core',
      expected: gone ? 'gone' : 'there',
      actual: ({ body }) => (itemsOf(body).length === 0 ? 'gone' : 'there'),
    },
  ];
  if (total !== null)
    checks.push({
      name: `MemTotal of node 1 ${when}`,
      class: 'core',
      expected: total,
      actual: (reply) => text(kib(online(reply))),
    });
  if (free !== null)
    checks.push({
      name: `MemFree of node 1 ${when}`,
      class: 'detail',
      expected: free,
      actual: (reply) => text(kib(online(reply)) - used(online(reply))),
    });
  return checks;
}

/** `7 Movable` of `valid_zones`: an offline block may go to either. */
export function zoneCheck(view: RecordingView, zones: string): Step {
  const [, count = '0', zone = ''] = /(\d+) ((?:Normal|Movable)(?: Movable)?)$/m.exec(zones) ?? [];
  return {
    label: 'zones',
    request: (world) =>
      world.call('GET', hostPath(world, `/dax-devices/${view.device}/memory-blocks?limit=500`)),
    checks: [
      {
        name: 'zones',
        class: 'core',
        expected: `${count} ${zone}`,
        actual: ({ body }) => {
          const blocks = itemsOf(body);
          const names = new Set(blocks.map((block) => text(block.zone ?? 'Normal Movable')));
          return `${blocks.length} ${[...names].join(', ')}`;
        },
      },
    ],
  };
}

/** Who has the range in /proc/iomem: a driver, nobody, or the copy of the device's name that nobody can free. */
export function regionCheck(when: string, iomem: readonly string[]): Check {
  const held = iomem.some((line) => line.endsWith(': dax0.0'));
  return {
    name: `iomem range ${when}`,
    class: 'core',
    expected: held ? 'held' : 'released',
    actual: ({ body }) => {
      if (body.mode === 'fsdax') return 'released';
      const region = text(body.mem_region);
      return region === 'requested' || region === 'leaked' ? 'held' : region;
    },
  };
}
