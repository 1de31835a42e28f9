import { KERNEL_NAMES, type KernelName } from '../../src/engine/model/vocabulary.ts';
import { startTestServer, type Method, type TestBody, type TestServer } from '../support/server.ts';

/** One host of each kernel profile behind one service, and what was told of them so far. */
export interface Stage {
  readonly server: TestServer;
  readonly hosts: readonly StageHost[];
  readonly lines: string[];
}

export interface StageHost {
  readonly kernel: KernelName;
  /** Names of the transcript (`$reader`) and the ids that they stand for on this host. */
  readonly names: Map<string, string>;
  /** The last answer under each name of `keep`. */
  readonly kept: Map<string, Told>;
}

export interface Told {
  readonly status: number;
  readonly body: TestBody;
}

/** One request, sent to every host (or to those of `where`); `$name` in it is an id that an earlier answer had. */
export interface Request {
  readonly method: Method;
  readonly path: string;
  readonly body?: Readonly<Record<string, unknown>>;
  /** Keeps the id (a process: its pid) of the answer. */
  readonly as?: string;
  readonly keep?: string;
  readonly where?: (host: StageHost) => boolean;
  /** The fields worth showing; without it only a status that is no success is. */
  readonly show?: (body: TestBody) => unknown;
}

/** A host of every profile, empty but for its settings. */
export async function openStage(settings: Readonly<Record<string, unknown>> = {}): Promise<Stage> {
  const server = await startTestServer();
  const hosts = KERNEL_NAMES.map((kernel) => ({
    kernel,
    names: new Map<string, string>(),
    kept: new Map<string, Told>(),
  }));
  const stage: Stage = { server, hosts, lines: [] };
  await tell(stage, {
    method: 'POST',
    path: '/v1/hosts',
    body: { name: '$host', kernel: '$kernel', ...settings },
  });
  return stage;
}

/** Sends a request to the hosts and adds it, with its answers side by side, to the transcript. */
export async function tell(stage: Stage, request: Request): Promise<void> {
  const hosts = stage.hosts.filter((host) => request.where?.(host) ?? true);
  if (hosts.length === 0) return;
  const answers = new Map<string, KernelName[]>();
  for (const host of hosts) {
    const told = await send(stage, host, request);
    const words = answerWords(told, request);
    answers.set(words, [...(answers.get(words) ?? []), host.kernel]);
  }
  const { method, path, body } = request;
  stage.lines.push(`${method} ${path}${body === undefined ? '' : ` ${JSON.stringify(body)}`}`);
  const all = hosts.length === stage.hosts.length;
  for (const [words, kernels] of answers) {
    const everybody = answers.size === 1 && all;
    const who = everybody ? '' : `${kernels.join(', ')}: `;
    if (words !== '' || !everybody) stage.lines.push(`   ${who}${words === '' ? 'done' : words}`);
  }
}

/** A POST below the host; of a success only `as` is kept. */
export function post(
  stage: Stage,
  path: string,
  body: Readonly<Record<string, unknown>>,
  more: Pick<Request, 'as' | 'keep' | 'where' | 'show'> = {},
): Promise<void> {
  return tell(stage, { method: 'POST', path: `/v1/hosts/$host/${path}`, body, ...more });
}

/** A remark between the requests. */
export function remark(stage: Stage, text: string): void {
  stage.lines.push(`# ${text}`);
}

/** A POST without a body says that no web page sent it. */
const NO_PAGE = { 'x-requested-with': 'story' };

/** Asks one host without telling it. */
async function send(stage: Stage, host: StageHost, request: Request): Promise<Told> {
  const fill = (text: string): string =>
    text.replace(/\$(\w+)/g, (whole, name: string) => {
      if (name === 'host') return `node-${host.kernel}`;
      if (name === 'kernel') return host.kernel;
      return host.names.get(name) ?? whole;
    });
  const body = request.body === undefined ? undefined : fill(JSON.stringify(request.body));
  const { status, json } = await stage.server.call(request.method, fill(request.path), body, NO_PAGE);
  if (request.as !== undefined && status < 300) {
    host.names.set(request.as, typeof json.id === 'string' ? json.id : String(json['pid']));
  }
  if (request.keep !== undefined) host.kept.set(request.keep, { status, body: json });
  return { status, body: json };
}

/** The answer in a line: what `show` picks, else nothing; of a refusal its code and errno. */
function answerWords({ status, body }: Told, { show }: Request): string {
  if (status >= 300) {
    const { code } = body;
    const errno = body['errno'];
    return JSON.stringify({ status, code, ...(errno === undefined ? {} : { errno }) });
  }
  return show === undefined ? '' : JSON.stringify(show(body));
}

/** Waits until no removal runs any more: each is completed, waits, or is stuck. */
export async function settle(stage: Stage): Promise<void> {
  for (;;) {
    const { json } = await stage.server.call('GET', '/v1/removals?state=running');
    if (json.items.length === 0) return;
    await new Promise((resolve) => setImmediate(resolve));
  }
}
