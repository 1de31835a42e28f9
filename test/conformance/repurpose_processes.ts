import { access } from './acts.ts';
import { actualAnswer, expectedAnswer } from './answer.ts';
import type { RepurposeView, Scan } from './repurpose_recording.ts';
import { hostPath, idOf, setup } from './step.ts';
import type { Body, Check, Reply, Step, World } from './step.ts';

export const MIB = 1048576;
export const PAGE = 4096;
export const READER = 'old-owner-reader';
export const TENANT = 'new-tenant';
export const THIRD = 'third-tenant';

interface Mapper {
  readonly target: (world: World) => Body;
  readonly length: number;
  readonly prot?: 'r' | 'rw';
  readonly flags?: readonly string[];
  readonly page_size?: '4KiB';
  readonly activity?: 'storing';
  readonly tenant?: string;
  readonly touch: { readonly offset: number; readonly length: number; readonly kind: 'read' | 'write' };
}

export function mapperSteps(name: string, { target, touch, tenant, ...how }: Mapper): Step[] {
  const owner = tenant === undefined ? {} : { tenant };
  return [
    setup(
      `${name}: start`,
      (world) =>
        world.call('POST', hostPath(world, '/processes'), { comm: 'probe', sigbus: 'handled', ...owner }),
      (made, world) => world.ids.set(`pid:${name}`, String(made.pid)),
    ),
    setup(
      `${name}: mmap`,
      (world) => {
        const pid = Number(idOf(world, `pid:${name}`));
        const body = { pid, offset: 0, flags: ['shared'], prot: 'rw', ...how, ...target(world) };
        return world.call('POST', hostPath(world, '/mappings'), body);
      },
      (made, world) => {
        world.ids.set(`mapping:${name}`, String(made.id));
        world.ids.set(`address:${name}`, String(made.address));
      },
    ),
    setup(`${name}: touch`, (world) => access(world, name, touch)),
  ];
}

/** `ok` with whose the data is, or what the access got. */
export function reachWords(reply: Reply, world: World, process: string): string {
  const words = actualAnswer(reply, world, process);
  if (words !== 'ok') return words;
  const { tenant } = (reply.body.data_of ?? {}) as { tenant?: string | null };
  if (tenant === TENANT) return 'ok next tenant';
  return tenant === THIRD ? 'ok third tenant' : tenant === null ? 'ok old owner' : 'ok nobody';
}

export function tenantSteps(view: RepurposeView, name: string, length: number): Step[] {
  const touch = { offset: 0, length, kind: 'write' } as const;
  if (view.given.next_tenant === 'new file system') {
    const file = '/mnt/new/f';
    const made = setup(
      `file ${file}`,
      (world) => {
        const body = { mount: idOf(world, 'mount:/mnt/new'), path: '/f', size: length };
        return world.call('POST', hostPath(world, '/files'), body);
      },
      (body, world) => world.ids.set(`file:${file}`, String(body.id)),
    );
    const target = (world: World): Body => ({ file: idOf(world, `file:${file}`) });
    return [made, ...mapperSteps(name, { target, length, tenant: name, touch })];
  }
  const flags = view.given.next_tenant === 'devdax' ? ['shared'] : ['private'];
  return mapperSteps(name, {
    target: () => ({ dax_device: view.device }),
    length,
    flags,
    tenant: name,
    touch,
  });
}

/** A read of a process's first page, where a recording has a scan of all its pages. */
export function scanStep(process: string, name: string, scan: Scan): Step {
  return {
    label: name,
    request: (world) => access(world, process, { kind: 'read', offset: 0, length: 24 }),
    checks: [scanCheck(process, name, scan)],
  };
}

export function scanCheck(process: string, name: string, scan: Scan): Check {
  const actual = (reply: Reply, world: World): string => reachWords(reply, world, process);
  return { name, class: 'core', expected: scanWords(scan), actual };
}

/** What each of them fills its pages with. */
const TEXTS: readonly (readonly [text: string, whose: string])[] = [
  ['OLD-OWNER-DATA', 'old owner'],
  ['NEW-TENANT-DATA', 'next tenant'],
  ['THIRD-TENANT-DATA', 'third tenant'],
];

/** Whose text was looked for and found, or the signal of the first page, or whose the first other page is. */
function scanWords(scan: Scan): string {
  const { text, pages_match = 0, first_fault, first_other = '' } = scan;
  if (scan.dead !== undefined) return expectedAnswer(scan);
  if (pages_match > 0) return `ok ${whoseIs(text ?? '')}`;
  return first_fault === undefined ? `ok ${whoseIs(first_other)}` : expectedAnswer(first_fault);
}

function whoseIs(found: string): string {
  return TEXTS.find(([text]) => found.startsWith(text))?.[1] ?? 'somebody else';
}
