import closeWithGrace from 'close-with-grace';
import { pino } from 'pino';
import { createControlPlane } from './app/control_plane.ts';
import { seedDemo } from './app/demo.ts';
import { loadConfig, type Config } from './config.ts';
import { findAddress } from './http/address.ts';
import { buildServer } from './http/server.ts';
import { loadTokens } from './http/edge/tokens.ts';
import { startTracing } from './http/tracing.ts';
import { openSqliteStore } from './runtime/sqlite_store.ts';

/** A commit that has begun is ended: a listing of as many objects as are taken holds the writer for seconds. */
const DRAIN_MS = 30_000;
const REQUESTS_IN_WORK_MAX = 1_000;

/** config → address → store → app → http → listen → drain on SIGTERM. */
async function main(config: Config): Promise<void> {
  const log = pino({ level: config.log_level });
  // Before the store: opening it makes its folder and migrates what is there, and there is no way back from that.
  const tokens = config.token_file === null ? null : await loadTokens(config.token_file);
  const tracing = config.otel ? await startTracing(log) : null;
  const { address, isOpen } = await findAddress(config.host, config.port);
  const store = await openSqliteStore({
    path: config.db,
    cacheBytes: config.cache_bytes,
    retention: { days: config.journal_days, events: config.journal_events },
    log,
    // What was submitted is neither stored nor lost for certain: only a restart can tell.
    onFatal: (error) => {
      log.fatal({ err: error }, 'store failed');
      process.exit(1);
    },
  });
  const controlPlane = createControlPlane(store, log, {
    targets: config.webhook_targets,
    disable_days: config.webhook_disable_days,
  });
  if (isOpen) process.stderr.write(openWarning(config));
  else if (config.demo && (await seedDemo(controlPlane))) log.info({}, 'demo fleet seeded');
  await controlPlane.start();
  const app = await buildServer({
    backend: tracing === null ? controlPlane : tracing.watch(controlPlane),
    logger: log,
    limits: {
      requests_in_work: REQUESTS_IN_WORK_MAX,
      ...(config.rate_limit === null ? {} : { requests_per_minute: config.rate_limit }),
    },
    connections: { connections: config.max_connections },
    streams: { streams_per_client: config.streams_per_client },
    callers: { host: config.host, allowed: config.allowed_hosts, origins: config.cors_origins },
    tokens,
    tracing,
  });
  closeWithGrace({ delay: DRAIN_MS }, async ({ err, signal }) => {
    if (err !== undefined) log.fatal({ err }, 'uncaught error');
    log.info({ signal }, 'draining');
    await app.close();
    await controlPlane.close();
    // A collector that is gone keeps nobody from stopping: what it missed is lost.
    await tracing?.close().catch((error: unknown) => log.warn({ err: error }, 'spans are lost'));
  });
  const url = await app.listen({ host: address, port: config.port });
  controlPlane.serveAt(url);
  process.stdout.write(`daxplane serves ${url} (API explorer: ${url}/docs)\n`);
}

/** Without tokens whoever reaches the address may do everything; with them whoever reads the wire has one. */
function openWarning({ host, port, demo, token_file }: Config): string {
  const where = `WARNING: ${host}:${String(port)} is reached from other machines, and`;
  const help = 'Set DAXPLANE_HOST=127.0.0.1, or put a proxy';
  const warning =
    token_file === null
      ? `${where} anyone who reaches it may read, change and delete everything: no token is needed. ${help} that authenticates in front, or set DAXPLANE_TOKEN_FILE.`
      : `${where} tokens and answers pass in clear. ${help} with TLS in front.`;
  return `${warning}${demo ? ' The demo fleet is not created on such an address.' : ''}\n`;
}

try {
  await main(loadConfig());
} catch (error) {
  process.stderr.write(`daxplane: ${explain(error)}\n`);
  process.exit(1);
}

/** What is the matter, and why: each cause on a line of its own. */
function explain(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.cause === undefined ? error.message : `${error.message}\n  cause: ${explain(error.cause)}`;
}
