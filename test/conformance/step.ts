/** One HTTP exchange with a service that is under test: in process, or anywhere else. */
export type Call = (
  method: 'GET' | 'POST' | 'PATCH' | 'DELETE',
  path: string,
  body?: object,
  headers?: Readonly<Record<string, string>>,
) => Promise<Reply>;

export interface Reply {
  readonly status: number;
  readonly body: Body;
  readonly headers: Readonly<Record<string, string | undefined>>;
}
export type Body = Readonly<Record<string, unknown>>;

/** `core`: what the rules promise. `detail`: scored apart, no target. */
export type ObservationClass = 'core' | 'detail';

/** What a recording shows at one point, and how to read the same off the service's answer. */
export interface Check {
  readonly name: string;
  readonly class: ObservationClass;
  readonly expected: string;
  /** Given the step's reply; may ask the service more. */
  readonly actual: (reply: Reply, world: World) => string | Promise<string>;
}

/**
 * One request and what is compared about its answer. Without checks it is setup: then any answer but a
 * 2xx is itself a difference. `request: null`: the API has no such request, the checks need exemptions.
 */
export interface Step {
  readonly label: string;
  readonly request: ((world: World) => Promise<Reply>) | null;
  readonly checks: readonly Check[];
}

/** Names a recording uses (`/mnt/a`, `reader-pmd`) → what the service calls them. */
export interface World {
  readonly call: Call;
  readonly host: string;
  readonly ids: Map<string, string>;
  /** Answers that later steps read again: `removal`. */
  readonly records: Map<string, Body>;
  /** Kernel log lines the service has told so far. */
  readonly log: string[];
}

export function idOf(world: World, name: string): string {
  return world.ids.get(name) ?? 'none';
}

export function hostPath(world: World, rest = ''): string {
  return `/v1/hosts/${world.host}${rest}`;
}

/** A request that has to succeed; keeps `id`, `pid` or whatever `save` names for later steps. */
export function setup(
  label: string,
  request: (world: World) => Promise<Reply>,
  save?: (body: Body, world: World) => void,
): Step {
  return {
    label,
    checks: [],
    request: async (world) => {
      const reply = await request(world);
      if (reply.status < 300) save?.(reply.body, world);
      return reply;
    },
  };
}

/** An observation that no request can show. */
export function unplayable(label: string, name: string, expected: string): Step {
  const check: Check = { name, class: 'core', expected, actual: () => 'not expressible' };
  return { label, request: null, checks: [check] };
}
