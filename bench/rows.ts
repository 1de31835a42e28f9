/** What a measured value has to be: at least, or at most. */
export interface Target {
  readonly is: 'at_least' | 'at_most';
  readonly limit: number;
  /** `x`: a ratio; empty: a slope. */
  readonly unit: 'x' | 'ns' | 'us' | 'ms' | 's' | 'B' | 'kB' | 'MB' | 'fsyncs' | '';
}

/** One claim: what is measured, beside what, and what it has to be. */
export interface Row {
  readonly subject: string;
  readonly what: string;
  readonly target: Target;
}

const atLeast = (limit: number, unit: Target['unit']): Target => ({ is: 'at_least', limit, unit });
const atMost = (limit: number, unit: Target['unit']): Target => ({ is: 'at_most', limit, unit });

/** A slope of log time on log size: 1 is linear, and what is left to noise is little. */
const linear = (subject: string, what: string): Row => ({
  subject,
  what: `slope of log CPU on log size: ${what}`,
  target: atMost(1.1, ''),
});

/** 20 000 windows onto another owner's pfns open or close. */
const windows = (what: string): Row => ({ subject: 'exposures', what, target: atMost(100, 'ms') });

/** What others notice while one host's work of 10^6 extents runs. */
const bystander = (work: string) => ({
  p99: {
    subject: 'bystanders',
    what: `p99 of GETs during ${work} : p99 when idle`,
    target: atMost(1.5, 'x'),
  },
  loop: { subject: 'bystanders', what: `event-loop delay during ${work}`, target: atMost(25, 'ms') },
  writer: {
    subject: 'bystanders',
    what: `longest POST to another host during ${work} (the writer is held)`,
    target: atMost(50, 'ms'),
  },
});
const [removal, exit, fork, bind, listing] = ['a removal', 'an exit', 'a fork', 'a bind', 'an import'].map(
  bystander,
) as [Bystander, Bystander, Bystander, Bystander, Bystander];
type Bystander = ReturnType<typeof bystander>;

/** Every claim about speed and scale that this project makes, by id. `npm run bench` prints a line for each. */
export const ROWS = {
  get_host: {
    subject: 'gets',
    what: 'GET of a host that was read : bare Fastify route with a static answer, by CPU',
    target: atLeast(0.55, 'x'),
  },
  get_mapping: {
    subject: 'gets',
    what: 'GET of mappings that were read : bare Fastify route with the same text, by CPU',
    target: atLeast(0.55, 'x'),
  },
  get_anew: {
    subject: 'gets',
    what: 'GET of mappings of which none was read before : bare Fastify route with the same text, by CPU',
    target: atLeast(0.55, 'x'),
  },
  list_100: {
    subject: 'gets',
    what: 'list of 100 mappings : Fastify with JSON.stringify of the same objects from memory, by CPU',
    target: atLeast(1, 'x'),
  },
  post_64: {
    subject: 'posts',
    what: 'durable POST of a mapping, 64 clients : the same route over a backend that stores nothing, by rate',
    target: atLeast(0.5, 'x'),
  },
  post_256: { subject: 'posts', what: 'the same, 256 clients', target: atLeast(0.7, 'x') },
  extents_1e5: {
    subject: 'extents',
    what: 'removal in the engine, CPU an extent at 10^5',
    target: atMost(60, 'ns'),
  },
  extents_1e6: {
    subject: 'extents',
    what: 'removal in the engine, CPU an extent at 10^6',
    target: atMost(60, 'ns'),
  },
  extents_slope: {
    subject: 'extents',
    what: 'slope of log CPU on log size: removal in the engine, by extents from 10^3',
    target: atMost(1.05, ''),
  },
  compare_1e5: {
    subject: 'extents',
    what: 'comparison of seven kernels at 10^5 extents, CPU',
    target: atMost(100, 'ms'),
  },
  removal_10: {
    subject: 'removals',
    what: 'removal of 10 extents over HTTP, to the durable report : POST of a mapping, by time',
    target: atMost(1.5, 'x'),
  },
  small_cpu: {
    subject: 'small_posts',
    what: 'rows, journal and COMMIT of a small command, 64 a commit, the dearest, CPU',
    target: atMost(50, 'us'),
  },
  small_wal: {
    subject: 'small_posts',
    what: 'growth of the WAL by it',
    target: atMost(12, 'kB'),
  },
  small_journal: { subject: 'small_posts', what: 'its events in the journal', target: atMost(300, 'B') },
  fault_cpu: {
    subject: 'small_posts',
    what: 'one more fault in a mapping and a file of 10^6 runs, decided and stored, CPU',
    target: atMost(2, 'ms'),
  },
  fault_wal: { subject: 'small_posts', what: 'growth of the WAL by it', target: atMost(64, 'kB') },
  hole_cpu: {
    subject: 'small_posts',
    what: 'the same over a hole of a file of 10^6 extents, CPU',
    target: atMost(2, 'ms'),
  },
  hole_wal: { subject: 'small_posts', what: 'growth of the WAL by it', target: atMost(64, 'kB') },
  removal_fsyncs: { subject: 'removals', what: 'commits of that removal', target: atMost(2, 'fsyncs') },
  removal_1e5: { subject: 'removals', what: 'the same of 10^5 extents, CPU', target: atMost(60, 'ms') },
  removal_1e6: {
    subject: 'removals',
    what: 'the same of 10^6 extents : the removal in the engine alone, by CPU',
    target: atMost(3, 'x'),
  },
  sweep_1e5: {
    subject: 'sweep',
    what: 'removal of 10^5 extents in the engine, CPU an extent, the worst of layouts and kernels',
    target: atMost(60, 'ns'),
  },
  sweep_1e6: { subject: 'sweep', what: 'the same of 10^6', target: atMost(60, 'ns') },
  removal_p99: removal.p99,
  removal_loop: removal.loop,
  removal_writer: removal.writer,
  exit_p99: exit.p99,
  exit_loop: exit.loop,
  exit_writer: exit.writer,
  fork_p99: fork.p99,
  fork_loop: fork.loop,
  fork_writer: fork.writer,
  bind_p99: bind.p99,
  bind_loop: bind.loop,
  bind_writer: bind.writer,
  import_p99: listing.p99,
  import_loop: listing.loop,
  import_writer: listing.writer,
  exit_slope: linear('mappings', 'exit of a process, by its mappings'),
  fork_slope: linear('mappings', 'fork of a process, by its mappings'),
  kill_slope: linear('mappings', 'removal that kills, by processes'),
  pins_slope: linear('mappings', 'removal that kills, by processes with a pin each'),
  holders_slope: linear('mappings', 'question for holders, by mappings and pins'),
  holes_slope: linear('mappings', 'access over holes of a mapping, by its extents'),
  access_one: {
    subject: 'mappings',
    what: 'access through one of 20 000 mappings, CPU',
    target: atMost(1, 'ms'),
  },
  unpin_one: { subject: 'mappings', what: 'unpin of one of 20 000 pins, CPU', target: atMost(1, 'ms') },
  munmap_one: { subject: 'mappings', what: 'munmap of one of 20 000 mappings, CPU', target: atMost(1, 'ms') },
  windows_open: windows('bind that opens 20 000 windows of 1 process, CPU'),
  windows_close: windows('its exit, which closes them, CPU'),
  windows_open_20: windows('bind that opens 20 000 windows of 20 processes, CPU'),
  windows_close_20: windows('their exits, CPU'),
  windows_open_each: windows('bind that opens 20 000 windows of a process each, CPU'),
  windows_close_each: windows('their exits, CPU'),
  window_munmap: {
    subject: 'exposures',
    what: 'munmap of one of 20 000 windows of a process, CPU',
    target: atMost(1, 'ms'),
  },
  window_unpin: {
    subject: 'exposures',
    what: 'unpin of one of 20 000 windows of a process, CPU',
    target: atMost(1, 'ms'),
  },
  windows_slope: linear('exposures', 'bind that opens windows, by windows'),
  exposures_slope: linear('exposures', 'bind that opens exposures and exits that close them, by exposures'),
  import_10000: {
    subject: 'imports',
    what: 'import of 10 000 namespaces, from the text to the commit, CPU',
    target: atMost(1.5, 's'),
  },
  import_slope: linear('imports', 'import, by devices'),
  reboot_slope: linear('imports', 'reboot, by devices of system RAM'),
  hosts_slope: linear('growth', 'small changes, by hosts that they go to'),
  mappings_slope: linear('growth', 'small changes, by mappings of the host that they go to'),
  events_slope: linear('growth', 'small changes, by events of the journal before them'),
  assess_first: {
    subject: 'assessment',
    what: 'assessment of 80 000 devices, the first page of 100 with nothing known, CPU',
    target: atMost(200, 'ms'),
  },
  assess_whole: { subject: 'assessment', what: 'the whole, cold, CPU', target: atMost(5, 's') },
  assess_others: {
    subject: 'assessment',
    what: 'wait for a page of one device meanwhile, p99',
    target: atMost(100, 'ms'),
  },
  assess_maintained: {
    subject: 'assessment',
    what: 'a page after one host changed, CPU',
    target: atMost(10, 'ms'),
  },
  assess_start: {
    subject: 'assessment',
    what: 'CPU of the two seconds after a start: it assesses nothing',
    target: atMost(50, 'ms'),
  },
  fleet_start: {
    subject: 'fleet',
    what: 'start over 10 000 hosts with 4 million mappings, beyond that over an empty database',
    target: atMost(0.5, 's'),
  },
  fleet_rss: {
    subject: 'fleet',
    what: 'resident memory of the service after that',
    target: atMost(400, 'MB'),
  },
  fleet_bytes: { subject: 'fleet', what: 'disk a mapping, with its indexes', target: atMost(80, 'B') },
  fleet_filters: {
    subject: 'fleet',
    what: 'slowest filter of a list, in process, p99',
    target: atMost(1, 'ms'),
  },
  fleet_counts: {
    subject: 'fleet',
    what: 'GET /v1/fleet : GET of a host, by CPU',
    target: atMost(3, 'x'),
  },
  fleet_posts: {
    subject: 'fleet',
    what: 'random POSTs over all hosts : over 100 of them, by rate',
    target: atLeast(0.5, 'x'),
  },
  device_size: {
    subject: 'sizes',
    what: 'removal with the same ten mappings, device of 64 TiB : of 1 GiB, by CPU',
    target: atMost(1.1, 'x'),
  },
  hostile_body: {
    subject: 'intake',
    what: 'longest turn of the HTTP thread, worst body of the largest size that is taken',
    target: atMost(25, 'ms'),
  },
  hostile_listing: {
    subject: 'intake',
    what: 'longest turn of the HTTP thread, worst listing of 8 MB',
    target: atMost(25, 'ms'),
  },
  export_turn: {
    subject: 'intake',
    what: 'longest turn of the HTTP thread, export of 6 000 devices',
    target: atMost(25, 'ms'),
  },
  page_turn: {
    subject: 'intake',
    what: 'longest turn of the HTTP thread, worst page, count or plan over 32 000 devices',
    target: atMost(25, 'ms'),
  },
  bulk_load: {
    subject: 'bulk',
    what: 'mappings through the batch route : the rows that come of it, put into a table of that schema, by CPU',
    target: atLeast(0.3, 'x'),
  },
  journal_kept: {
    subject: 'growth',
    what: 'journal after ten times the events that are kept : after as many',
    target: atMost(1.1, 'x'),
  },
} as const satisfies Readonly<Record<string, Row>>;

/** The id of a row. */
export type RowId = keyof typeof ROWS;
