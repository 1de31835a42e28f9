import { expectedAnswer, expectedCommand } from '../test/conformance/answer.ts';
import type {
  Answer,
  Event,
  Given,
  GivenProcess,
  Observed,
  Recorded,
  Signal,
} from '../test/conformance/recording.ts';
import { mountBody } from '../test/conformance/topology.ts';
import { viewOf, type RecordingView } from '../test/conformance/view.ts';
import type { Outcome } from './ask.ts';
import { isCxl, killsFor, MAPPINGS, PLACES, type Kill, type MappingKind, type Place } from './dimensions.ts';

/** What one process of a recording shows of one cell; a field that it does not show is absent. */
export interface Shown {
  /** `recording` or `recording (process)`. */
  readonly by: string;
  readonly key: string;
  readonly outcome: Partial<Outcome>;
  /** Others with larger entries of the file, or a file that is not the first in block order: may differ from the cell. */
  readonly crowded: boolean;
}

/** The name of a cell, for the cell and for what a recording shows of it. */
export function keyOf(kernel: string, place: string, mapping: string, kill: string, pin: string): string {
  return [kernel, place, mapping, kill, pin].join(' | ');
}

/** Everything that recordings show of cells, told by what they hold; names are never read. */
export function shownBy(recordings: readonly Recorded[]): Shown[] {
  return recordings.flatMap((recorded) => {
    const { kernel, recording } = recorded;
    if (kernel === null || recording.status !== 'observed') return [];
    const view = viewOf(recorded, kernel);
    if (view.given.topology === 'cxl') return ofCxl(view);
    const place = view.given.topology === 'nvdimm' ? placeOf(view) : null;
    if (place === null) return [];
    return [
      ...refusedMounts(view, place),
      ...ofProcesses(view, place),
      ...ofPins(view, place),
      ...ofTenants(view, place),
    ];
  });
}

/** A removal by sysfs by a task that maps nothing, of a device that is one file system or one character device. */
function placeOf(view: RecordingView): Place | null {
  const { given, observed, devdax } = view;
  const said = observed.event?.do ?? '';
  const driver = /^echo \S+ > \S*\/(nd_pmem|device_dax|dax_pmem)\/unbind$/.exec(said)?.[1];
  if (observed.event !== undefined && driver === undefined) return null;
  if ((given.mount_line ?? []).length > 1) return null;
  if (devdax)
    return PLACES.find(({ mode, via }) => mode === 'devdax' && via === (driver ?? 'device_dax')) ?? null;
  if (observed.mapped_block_device_read !== undefined)
    return PLACES.find(({ id }) => id === 'not mounted') ?? null;
  const mode = /^(?:fsdax|raw|sector)/.exec(given.namespace?.mode ?? 'fsdax')?.[0];
  const features = featuresOf(view);
  const shutdown = (observed as Repurposed).file_system_shut_down_before !== undefined;
  return (
    PLACES.find((place) => {
      return (
        place.mode === mode &&
        place.shutdown === shutdown &&
        place.mount !== null &&
        sameMount(place, features)
      );
    }) ?? null
  );
}

type Features = Readonly<Record<string, unknown>>;

function featuresOf(view: RecordingView): Features {
  const dax = view.given.mount_options?.startsWith('dax=never') === true ? 'never' : 'always';
  return mountBody(view, '/mnt', null, dax);
}

/** mkfs.xfs makes four allocation groups unless told otherwise. */
function sameMount({ mount }: Place, features: Features): boolean {
  const value = (own: Features, name: string): unknown =>
    own[name] ?? { dax: 'always', rmapbt: false, reflink: false, agcount: 4 }[name];
  return ['fs_type', 'dax', 'rmapbt', 'reflink', 'agcount'].every(
    (name) => value({ ...mount }, name) === value(features, name),
  );
}

/** A mount that the kernel refuses is refused for whoever would map. */
function refusedMounts(view: RecordingView, place: Place): Shown[] {
  const { mount } = view.observed;
  if (mount === undefined || mount.rc === 0) return [];
  const outcome = { refused: `mount: ${expectedCommand(mount)}` };
  return (Object.keys(MAPPINGS) as MappingKind[]).flatMap((mapping) =>
    killsFor(mapping, 'none').map((kill) => ({
      by: view.name,
      key: keyOf(view.kernel, place.id, mapping, kill.id, 'none'),
      outcome,
      crowded: false,
    })),
  );
}

function ofProcesses(view: RecordingView, place: Place): Shown[] {
  const { observed, processes, given } = view;
  if (observed.event === undefined) return [];
  const state = stateOf(observed.event);
  const firstFile = processes[0]?.[1].file;
  return processes.flatMap(([name, process]) => {
    const mapping = mappingOf(process, given);
    const seen = observed.processes?.[name];
    // Another disposition than a handler's changes what the same signal does; a child is its parent's matter.
    if (mapping === null || !process.handler || process.inherited_from !== undefined) return [];
    const company = processes.filter(
      ([other, { file, touched_before }]) =>
        other !== name && file === process.file && !/^nothing/.test(touched_before ?? ''),
    );
    const kill = killOf(
      process,
      mapping,
      given,
      company.map(([, other]) => other),
    );
    const refused = /'errno': '(\w+)'/.exec(process.mmap_failed ?? '')?.[1];
    const signals = seen?.at_rest?.signals;
    const outcome: Partial<Outcome> =
      refused === undefined
        ? {
            state,
            at_rest: signalsOf(Array.isArray(signals) ? (signals as Signal[]) : []),
            ...touched('read', seen?.on_access?.['read_touched_page']),
            ...touched('write', seen?.on_access?.['write_touched_page']),
          }
        : { refused: `mmap: ${refused}` };
    const larger = company.some(([, other]) => isSmall(mapping) && !isSmall(mappingOf(other, given)));
    const crowded = larger || (state === 'stuck' && process.file !== firstFile);
    return [
      {
        by: `${view.name} (${name})`,
        key: keyOf(view.kernel, place.id, mapping, kill.id, 'none'),
        outcome,
        crowded,
      },
    ];
  });
}

function isSmall(mapping: MappingKind | null): boolean {
  return mapping === 'shared, PTE' || mapping === 'private, copied';
}

/** `shared ro skew`, `first 2 MiB, write` → the kind of mapping. */
function mappingOf(process: GivenProcess, given: Given): MappingKind | null {
  const failed = / mmap \d+ \d+ ([a-z ]*?) ?:/.exec(process.mmap_failed ?? '')?.[1];
  const words = new Set((failed ?? process.mapping ?? '').split(' '));
  const touched = process.touched_before ?? '';
  if (words.has('sync')) return 'MAP_SYNC';
  if (words.has('private'))
    return touched.startsWith('page 0 written') ? 'private, copied' : 'private, clean';
  // An unaligned mmap that fails is another question.
  if (!words.has('shared') || failed !== undefined) return null;
  if (/^nothing/.test(touched)) return 'never touched';
  const small = words.has('skew') || (typeof given.device === 'object' && given.device.align === '4K');
  return small ? 'shared, PTE' : 'shared, PMD';
}

function killOf(
  process: GivenProcess,
  mapping: MappingKind,
  given: Given,
  company: readonly GivenProcess[],
): Kill {
  const early_kill = given['vm.memory_failure_early_kill'] ?? 0;
  const early = (one: GivenProcess): boolean =>
    one.PR_MCE_KILL === 'early' || (one.PR_MCE_KILL === undefined && early_kill === 1);
  const neighbour = !early(process) && company.some(early);
  const mce_kill = process.PR_MCE_KILL ?? 'default';
  const kills = killsFor(mapping, 'none').filter(
    (kill) => kill.early_kill === early_kill && kill.mce_kill === mce_kill,
  );
  return kills.find((kill) => kill.neighbour === neighbour) ?? kills[0]!;
}

/** The write to `unbind` returned, sleeps, or runs on. */
function stateOf(event: Event): Outcome['state'] {
  if (event.blocked !== true) return 'completed';
  return event.state === 'R' ? 'stuck' : 'waiting';
}

/** The kinds of signals, each once. */
function signalsOf(signals: readonly Signal[]): string[] {
  const asynchronous = signals.filter(({ delivery }) => delivery === 'asynchronous');
  return [
    ...new Set(
      asynchronous.map(({ si_code, si_addr_lsb }) =>
        si_addr_lsb === null ? si_code : `${si_code} lsb ${String(si_addr_lsb)}`,
      ),
    ),
  ];
}

/** An answer in the words of a cell, where the process was asked and could answer. */
function touched(field: 'read' | 'write', answer: Answer | undefined): Partial<Outcome> {
  if (answer === undefined || typeof answer.blocked === 'string') return {};
  if (answer.kernel_oops?.[0] !== undefined) return { [field]: `oops ${answer.kernel_oops[0].at}` };
  const words = { blocked: 'blocks', livelock: 'spins' }[expectedAnswer(answer)];
  return { [field]: words ?? expectedAnswer(answer).replace(/ \+.*/, '') };
}

/** The pinner has mapped and written 8 MiB; its pin was refused, or held while the device was removed. */
function ofPins(view: RecordingView, place: Place): Shown[] {
  const { given, observed } = view;
  if (given.pin === undefined) return [];
  const pin = /^(vmsplice|AF_XDP)/.exec(given.pin)?.[1] ?? 'io_uring';
  const early_kill = given['vm.memory_failure_early_kill'] ?? 0;
  const refused = observed.pin === undefined || observed.pin.ok === true ? null : observed.pin.errno;
  const key = keyOf(view.kernel, place.id, 'shared, PMD', `${String(early_kill)} default`, pin);
  if (refused !== null) {
    return [{ by: view.name, key, outcome: { refused: `pin: ${refused ?? '?'}` }, crowded: false }];
  }
  if (observed.event === undefined) return [];
  const seen = observed.while_removing;
  const outcome = {
    state: stateOf(observed.event),
    at_rest: signalsOf(seen?.pinner_signals?.signals ?? []),
    ...touched('read', seen?.pinner_read),
  };
  return [{ by: view.name, key, outcome, crowded: false }];
}

/** Recordings of the next tenant: an old reader, an old writer, and one that stores without pause. */
interface Repurposed extends Observed {
  readonly old_mapping_after_unbind?: { readonly pages_match: number; readonly first_fault?: Answer };
  readonly hammering_writer?: Answer & { readonly fault?: Answer };
  readonly hammering_writer_can_still_write?: Answer;
  readonly file_system_shut_down_before?: unknown;
}

function ofTenants(view: RecordingView, place: Place): Shown[] {
  const observed = view.observed as Repurposed;
  const { old_mapping_after_unbind: old, event, hammering_writer: hammer } = observed;
  if (old === undefined || event === undefined) return [];
  const kill = `${String(view.given['vm.memory_failure_early_kill'] ?? 0)} default`;
  const state = stateOf(event);
  const rows: Shown[] = [];
  const show = (mapping: MappingKind, outcome: Partial<Outcome>): void => {
    rows.push({
      by: view.name,
      key: keyOf(view.kernel, place.id, mapping, kill, 'none'),
      outcome,
      crowded: false,
    });
  };
  const entries = (view.given as { old_reader_entries?: string }).old_reader_entries ?? '2 MiB';
  const reads = old.pages_match > 0 ? { ok: true } : old.first_fault;
  if (state !== 'stuck') {
    show(entries.startsWith('2 MiB') ? 'shared, PMD' : 'shared, PTE', { state, ...touched('read', reads) });
  }
  if (hammer !== undefined && state !== 'stuck') {
    show('storing', { state, ...touched('write', observed.hammering_writer_can_still_write ?? hammer) });
  }
  return rows;
}

/** Recordings of a persistent CXL region: one reader by a 2 MiB entry. */
interface OnCxl extends Observed {
  readonly reader?: {
    readonly at_rest?: { readonly signals?: readonly Signal[] };
    readonly read_touched?: Answer;
    readonly write_touched?: Answer;
  };
}

function ofCxl(view: RecordingView): Shown[] {
  const { event, reader } = view.observed as OnCxl;
  const via = /^echo \S+ > \S*\/(cxl_region|cxl_mem|cxl_pci)\/unbind$/.exec(event?.do ?? '')?.[1];
  const mode = (view.given as { mode?: string }).mode;
  const place = PLACES.find((own) => isCxl(own) && own.mode === mode && own.via === via);
  if (place === undefined || event === undefined || reader === undefined) return [];
  const outcome = {
    state: stateOf(event),
    at_rest: signalsOf(reader.at_rest?.signals ?? []),
    ...touched('read', reader.read_touched),
    ...touched('write', reader.write_touched),
  };
  const key = keyOf(view.kernel, place.id, 'shared, PMD', '0 default', 'none');
  return [{ by: view.name, key, outcome, crowded: false }];
}

/** Where a cell and what a recording shows of it disagree, in words; empty where they do not. */
export function disagreement(outcome: Outcome, shown: Shown): string[] {
  const differ: string[] = [];
  const check = (field: string, ours: string, theirs: string): void => {
    if (ours !== theirs) differ.push(`${field}: ${ours}, recorded ${theirs}`);
  };
  const { refused, state, at_rest, read, write } = shown.outcome;
  check('refused', outcome.refused ?? 'no', refused ?? 'no');
  if (state !== undefined) check('state', String(outcome.state), String(state));
  if (at_rest !== undefined) check('at rest', outcome.at_rest.join(), at_rest.join());
  if (read !== undefined) check('read', plain(outcome.read), plain(read));
  if (write !== undefined) check('write', plain(outcome.write), plain(write));
  return differ;
}

/** A recording of a load tells that it succeeded; whose bytes those were is the model's word. */
function plain(told: string | null): string {
  return told === 'old data' || told === 'zeros' ? 'ok' : String(told);
}
