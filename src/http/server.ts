import fastify, { LogController, type FastifyBaseLogger, type FastifyInstance } from 'fastify';
import type { Backend } from './backend.ts';
import { requireToken } from './edge/authorization.ts';
import { checkCallers, type Callers } from './edge/callers.ts';
import { compressAnswers } from './edge/compression.ts';
import { CONNECTIONS, limitConnections, timeLimits, type Connections } from './edge/connections.ts';
import { answerUnrouted, handleErrors } from './error_handler.ts';
import { takeJson } from './json_body.ts';
import { applyFaults } from './fault_hook.ts';
import { serveMetrics } from './metrics/serve.ts';
import { answerUnknownRoutes } from './not_found.ts';
import { serveOpenApi } from './openapi.ts';
import { servePages } from './pages/serve.ts';
import { answerForNode, LENIENT_HTTP } from './edge/protocol.ts';
import { answerSocket, followAnswers } from './edge/refuse_socket.ts';
import { answerOrigins } from './edge/cors.ts';
import { cxlRoutes } from './routes/cxl.ts';
import { daxDeviceRoutes } from './routes/dax_device.ts';
import { eventRoutes } from './routes/event.ts';
import { eventStreamRoute } from './routes/event_stream.ts';
import { exposureRoutes } from './routes/exposure.ts';
import { faultRuleRoutes } from './routes/fault_rule.ts';
import { fileRoutes } from './routes/file.ts';
import { fleetRoutes } from './routes/fleet.ts';
import { hostRoutes } from './routes/host.ts';
import { hotplugEventRoutes } from './routes/hotplug_event.ts';
import { inventoryRoutes } from './routes/inventory.ts';
import { snapshotRoutes } from './routes/snapshot.ts';
import { topologyRoutes } from './routes/topology.ts';
import { kernelRoutes } from './routes/kernel.ts';
import { mappingRoutes } from './routes/mapping.ts';
import { memoryRoutes } from './routes/memory.ts';
import { memoryFailureRoutes } from './routes/memory_failure.ts';
import { mountRoutes } from './routes/mount.ts';
import { openFileRoutes } from './routes/open_file.ts';
import { pinRoutes } from './routes/pin.ts';
import { processRoutes } from './routes/process.ts';
import { removalRoutes } from './routes/removal.ts';
import { serviceRoutes } from './routes/service.ts';
import { planRoute } from './routes/plan.ts';
import { webhookRoutes } from './routes/webhook.ts';
import { whatIfRoutes } from './routes/what_if.ts';
import { requestIds, sendRequestIds } from './request_id.ts';
import { requestLog } from './request_log.ts';
import { STREAM_LIMITS, type StreamLimits } from './stream/limits.ts';
import { checkUrl, SEGMENT_LENGTH_MAX } from './request_url.ts';
import { CarefulResponse } from './edge/careful_response.ts';
import { limitRequests, type Limits } from './edge/limit_requests.ts';
import type { Tokens } from './edge/tokens.ts';
import type { Tracing } from './tracing.ts';
import { validatorOf } from './validate.ts';

/** A listing has its own: routes/inventory.ts. The largest request is a host with 64 labels, every character escaped. */
const BODY_BYTES_MAX = 512 * 2 ** 10;

export interface ServerOptions {
  readonly backend: Backend;
  /** pino's, or `false` for silence. */
  readonly logger: FastifyBaseLogger | false;
  /** Off where absent. */
  readonly limits?: Limits;
  /** Where absent, as CONNECTIONS says. */
  readonly connections?: Partial<Connections>;
  /** Where absent, those of the loopback. */
  readonly callers?: Callers;
  /** Where absent, everybody may ask. */
  readonly tokens?: Tokens | null;
  /** Where absent, as STREAM_LIMITS says. */
  readonly streams?: Partial<StreamLimits>;
  /** Where absent, nothing is traced. */
  readonly tracing?: Tracing | null;
}

const LOOPBACK: Callers = { host: '127.0.0.1', allowed: [] };

/** The HTTP server over a control plane: routes, schemas, problems; it decides nothing. Ready to listen or inject. */
export async function buildServer({
  backend,
  logger,
  limits = {},
  connections: bounds = {},
  callers = LOOPBACK,
  tokens = null,
  streams = {},
  tracing = null,
}: ServerOptions): Promise<FastifyInstance> {
  const connections = { ...CONNECTIONS, ...bounds };
  const times = timeLimits(connections);
  const patterns = new Set<string>();
  const app = fastify({
    ...(logger === false ? { logger } : { loggerInstance: logger }),
    bodyLimit: BODY_BYTES_MAX,
    ...times,
    http: { ...times.http, ...LENIENT_HTTP, ServerResponse: CarefulResponse },
    routerOptions: { maxParamLength: SEGMENT_LENGTH_MAX },
    logController: new LogController({ disableRequestLogging: true }),
    genReqId: requestIds(),
    childLoggerFactory: requestLog,
    frameworkErrors: answerUnrouted(patterns),
    clientErrorHandler: answerSocket,
    // Idle keep-alive connections must not hold up the drain at shutdown.
    forceCloseConnections: 'idle',
    return503OnClosing: false,
  });
  // A DELETE is said by its path: a body is not read, as that of a GET.
  app.addHttpMethod('DELETE', { hasBody: false, overrideExisting: true });
  await tracing?.follow(app);
  takeJson(app);
  app.setValidatorCompiler(validatorOf);
  app.setSerializerCompiler(() => (data) => JSON.stringify(data));
  handleErrors(app);
  answerUnknownRoutes(app);
  noteRoutes(app, patterns);
  followAnswers(app.server);
  answerForNode(app);
  limitConnections(app, connections);
  sendRequestIds(app);
  checkCallers(app, callers);
  if (callers.origins !== undefined && callers.origins.length > 0) await answerOrigins(app, callers.origins);
  app.addHook('onRequest', ({ url }, _reply, done) => {
    checkUrl(url, patterns);
    done();
  });
  await limitRequests(app, limits, tokens);
  applyFaults(app, backend);
  if (tokens !== null) await requireToken(app, tokens);
  await compressAnswers(app);
  // Before the routes: those that are added later are measured by their names.
  serveMetrics(app, backend);
  // With tokens, who has none is not shown what there is.
  await serveOpenApi(app, tokens === null ? backend : null);
  await servePages(app);
  for (const routes of ROUTES) routes(app, backend);
  eventStreamRoute(app, backend, { ...STREAM_LIMITS, ...streams });
  await app.ready();
  return app;
}

/** Notes the pattern and the operation of each route that is declared from now on. */
function noteRoutes(app: FastifyInstance, patterns: Set<string>): void {
  app.decorate('operations', new Set<string>());
  app.addHook('onRoute', ({ url, schema }) => {
    patterns.add(url);
    if (schema?.operationId !== undefined) app.operations.add(schema.operationId);
  });
}

const ROUTES = [
  hostRoutes,
  inventoryRoutes,
  topologyRoutes,
  snapshotRoutes,
  daxDeviceRoutes,
  memoryRoutes,
  memoryFailureRoutes,
  mountRoutes,
  fileRoutes,
  processRoutes,
  mappingRoutes,
  openFileRoutes,
  pinRoutes,
  hotplugEventRoutes,
  cxlRoutes,
  removalRoutes,
  exposureRoutes,
  whatIfRoutes,
  planRoute,
  fleetRoutes,
  kernelRoutes,
  eventRoutes,
  webhookRoutes,
  faultRuleRoutes,
  serviceRoutes,
] as const;
