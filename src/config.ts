import * as z from 'zod';
import { allowedTargetOf } from './service/allowed_target.ts';
import { DISABLE_DAYS } from './service/webhook.ts';

const flag = z.enum(['0', '1']).transform((text) => text === '1');
/** A name, an IPv4 address, or an IPv6 address with or without brackets. */
const HOST_NAME = /^(?:[\w.-]+|\[?[0-9a-f.]*:[0-9a-f:.]+\]?)$/i;
const integer = (maximum: number, minimum = 0) =>
  z
    .string()
    .regex(/^[0-9]{1,9}$/, { error: 'expected an integer' })
    .transform(Number)
    .pipe(z.int().min(minimum).max(maximum));

/** Of an origin as browsers write it. */
const isOrigin = (text: string): boolean =>
  /^https?:\/\/[^*]+$/.test(text) && URL.canParse(text) && new URL(text).origin === text;
/** Separated by commas. */
const list = z
  .string()
  .default('')
  .transform((text) =>
    text
      .split(',')
      .map((each) => each.trim())
      .filter((each) => each !== ''),
  );

const Environment = z.object({
  /** Address to listen on. */
  DAXPLANE_HOST: z.string().min(1).default('127.0.0.1'),
  /** 0 takes any free port. */
  DAXPLANE_PORT: integer(65535).default(8080),
  /** The SQLite file; its folder is made where there is none. */
  DAXPLANE_DB: z.string().min(1).default('./data/daxplane.db'),
  /** Whether an empty database gets the demo fleet. */
  DAXPLANE_DEMO: flag.default(true),
  DAXPLANE_LOG_LEVEL: z.enum(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent']).default('info'),
  /** Requests a minute of one address, or with one token; 0 is no limit. */
  DAXPLANE_RATE_LIMIT: integer(999_999_999).default(600_000),
  /** Streams of events at a time, of one address or with one token; there are no more than the maximum. */
  DAXPLANE_STREAMS_PER_CLIENT: integer(1_000, 1).default(100),
  /** Connections at a time. */
  DAXPLANE_MAX_CONNECTIONS: integer(1_000_000, 1).default(2_000),
  /** Days that an event is kept in the journal; 0 is no limit. */
  DAXPLANE_JOURNAL_DAYS: integer(36_500).default(90),
  /** Events that the journal keeps; 0 is no limit. */
  DAXPLANE_JOURNAL_EVENTS: integer(999_999_999).default(2_000_000),
  /** MiB of hosts that the writer keeps in memory, about. */
  DAXPLANE_CACHE_MIB: integer(65_536, 1).default(32),
  /** Names beside localhost and DAXPLANE_HOST by which the service may be called, and whose pages may call it. */
  DAXPLANE_ALLOWED_HOSTS: list.refine((names) => names.every((name) => HOST_NAME.test(name)), {
    error: 'expected host names or addresses without a port, separated by commas',
  }),
  /** Origins of other pages that may call the service. */
  DAXPLANE_CORS_ORIGINS: list.refine((origins) => origins.every(isOrigin), {
    error: 'expected origins as https://dash.example or http://10.0.0.5:3000, separated by commas',
  }),
  /** Whether requests are traced, as the OTEL_* variables say. */
  DAXPLANE_OTEL: flag.default(false),
  /** Names, addresses and CIDRs beside public addresses that webhooks may be sent to. */
  DAXPLANE_WEBHOOK_TARGETS: list.refine(
    (targets) => targets.every((each) => allowedTargetOf(each) !== null),
    {
      error:
        'expected names, addresses and CIDRs as hooks.internal, 10.0.0.5 or fd00::/8, separated by commas',
    },
  ),
  /** Days of nothing but failures after which a webhook is disabled. */
  DAXPLANE_WEBHOOK_DISABLE_DAYS: integer(365, 1).default(DISABLE_DAYS),
  /** A file with a token a line, one of which every request then needs; in a variable they would be seen in /proc. */
  DAXPLANE_TOKEN_FILE: z.string().default(''),
});

/** The configuration of a process of this service. */
export interface Config {
  readonly host: string;
  readonly port: number;
  readonly db: string;
  readonly demo: boolean;
  readonly log_level: z.output<typeof Environment>['DAXPLANE_LOG_LEVEL'];
  /** Requests a minute of one address; null is no limit. */
  readonly rate_limit: number | null;
  readonly streams_per_client: number;
  readonly max_connections: number;
  /** Days that an event is kept, and events that are; null is no bound. */
  readonly journal_days: number | null;
  readonly journal_events: number | null;
  readonly cache_bytes: number;
  readonly allowed_hosts: readonly string[];
  readonly cors_origins: readonly string[];
  readonly otel: boolean;
  readonly webhook_targets: readonly string[];
  readonly webhook_disable_days: number;
  /** Where the tokens are; null where none is needed. */
  readonly token_file: string | null;
}

const ARGUMENTS = ['--no-demo', '--demo'];

/**
 * Reads the environment and the arguments, which win. Throws an error whose message names every wrong variable
 * and every unknown variable of ours and argument.
 */
export function loadConfig(
  argv: readonly string[] = process.argv.slice(2),
  env: Readonly<Record<string, string | undefined>> = process.env,
): Config {
  const parsed = Environment.safeParse(env);
  const unknown = argv.filter((argument) => !ARGUMENTS.includes(argument));
  const faults = [
    ...(parsed.error?.issues ?? []).map((issue) => `${issue.path.join('.')}: ${issue.message}`),
    ...unknown.map((argument) => `${argument}: unknown argument, known are ${ARGUMENTS.join(' and ')}`),
    ...misspelt(env).map((name) => `${name}: unknown variable, the README lists those that are known`),
  ];
  if (!parsed.success || faults.length > 0) throw new Error(`wrong configuration\n  ${faults.join('\n  ')}`);
  const { data } = parsed;
  return {
    host: data.DAXPLANE_HOST,
    port: data.DAXPLANE_PORT,
    db: data.DAXPLANE_DB,
    demo: argv.includes('--no-demo') ? false : argv.includes('--demo') || data.DAXPLANE_DEMO,
    log_level: data.DAXPLANE_LOG_LEVEL,
    rate_limit: unlessZero(data.DAXPLANE_RATE_LIMIT),
    streams_per_client: data.DAXPLANE_STREAMS_PER_CLIENT,
    max_connections: data.DAXPLANE_MAX_CONNECTIONS,
    journal_days: unlessZero(data.DAXPLANE_JOURNAL_DAYS),
    journal_events: unlessZero(data.DAXPLANE_JOURNAL_EVENTS),
    cache_bytes: data.DAXPLANE_CACHE_MIB * 2 ** 20,
    allowed_hosts: data.DAXPLANE_ALLOWED_HOSTS,
    cors_origins: data.DAXPLANE_CORS_ORIGINS,
    otel: data.DAXPLANE_OTEL,
    webhook_targets: data.DAXPLANE_WEBHOOK_TARGETS,
    webhook_disable_days: data.DAXPLANE_WEBHOOK_DISABLE_DAYS,
    token_file: data.DAXPLANE_TOKEN_FILE === '' ? null : data.DAXPLANE_TOKEN_FILE,
  };
}

/** Variables of ours that are none: one that was to ask for tokens would leave the service open without a word. */
function misspelt(env: Readonly<Record<string, string | undefined>>): string[] {
  return Object.keys(env).filter((name) => name.startsWith('DAXPLANE_') && !(name in Environment.shape));
}

function unlessZero(limit: number): number | null {
  return limit === 0 ? null : limit;
}
