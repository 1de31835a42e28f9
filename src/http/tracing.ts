import type { Span } from '@opentelemetry/api';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { Backend } from './backend.ts';
import { pathOf } from './path_of.ts';

/** OpenTelemetry, where it is on. */
export interface Tracing {
  /** Makes a span of each request but for health, metrics and streams. Before any hook and any route is there. */
  readonly follow: (app: FastifyInstance) => Promise<void>;
  /** The same backend; what it has the writer do, or another thread, is a span below that of its request. */
  readonly watch: <B extends Backend>(backend: B) => B;
  /** Sends what is not sent yet. */
  readonly close: () => Promise<void>;
}

interface TracingLog {
  readonly warn: (fields: object, message: string) => void;
}

/** A stream lasts as long as somebody reads: a span of it would end when nobody asks any more. */
const UNTRACED = ['/livez', '/readyz', '/metrics', '/v1/events/stream'];

/**
 * Starts tracing, as the OTEL_* variables say; spans go to the collector by OTLP over HTTP. The packages are loaded here
 * alone: where it is off they cost nothing. Throws where they are not installed.
 */
export async function startTracing(log: TracingLog): Promise<Tracing> {
  const { api, FastifyOtelInstrumentation, provider } = await load();
  const tell = (message: string, ...more: unknown[]): void => log.warn({ more }, `tracing: ${message}`);
  const silent = (): void => undefined;
  api.diag.setLogger(
    { error: tell, warn: tell, info: silent, debug: silent, verbose: silent },
    api.DiagLogLevel.WARN,
  );
  provider.register();
  const instrumentation = new FastifyOtelInstrumentation({
    instrumentHooks: false,
    recordExceptions: false,
    ignorePaths: (route) => UNTRACED.includes(pathOf(route)),
    requestHook: describeSpan,
  });
  instrumentation.setTracerProvider(provider);
  const tracer = api.trace.getTracer('daxplane');
  return {
    follow: async (app) => {
      await app.register(instrumentation.plugin());
      // The plugin calls every problem an error; that a client errs is none of the service.
      app.addHook('onSend', (request, reply, payload, done) => {
        const { statusCode } = reply;
        if (statusCode >= 400 && statusCode < 500)
          spanOf(request)?.span?.setStatus({ code: api.SpanStatusCode.OK });
        done(null, payload);
      });
    },
    watch: (backend) => {
      const inSpan = <Asked, Answer>(
        name: (asked: Asked) => string,
        act: (asked: Asked) => Promise<Answer>,
      ): ((asked: Asked) => Promise<Answer>) => {
        return async (asked) =>
          tracer.startActiveSpan(name(asked), async (span) => {
            try {
              return await act(asked);
            } catch (error) {
              span.setStatus({ code: api.SpanStatusCode.ERROR, message: String(error) });
              throw error;
            } finally {
              span.end();
            }
          });
      };
      return {
        ...backend,
        submit: inSpan(({ command }) => `submit ${command.type}`, backend.submit),
        submitBatch: inSpan(() => 'submit batch', backend.submitBatch),
        ask: inSpan(({ question }) => `ask ${question.type}`, backend.ask),
        importInventory: inSpan(() => 'import inventory', backend.importInventory),
        list: inSpan(({ kind }) => `list ${kind}`, backend.list),
        assess: inSpan(() => 'assess', backend.assess),
      };
    },
    close: () => provider.shutdown(),
  };
}

/** What is asked of the packages, each of which is optional. */
async function load() {
  try {
    const [api, otel, sdk, exporter, resources] = await Promise.all([
      import('@opentelemetry/api'),
      import('@fastify/otel'),
      import('@opentelemetry/sdk-trace-node'),
      import('@opentelemetry/exporter-trace-otlp-http'),
      import('@opentelemetry/resources'),
    ]);
    const { FastifyOtelInstrumentation } = otel.default;
    const { defaultResource, detectResources, envDetector, resourceFromAttributes } = resources;
    const provider = new sdk.NodeTracerProvider({
      resource: defaultResource()
        .merge(resourceFromAttributes({ 'service.name': 'daxplane' }))
        // The operator's name for it wins.
        .merge(detectResources({ detectors: [envDetector] })),
      spanProcessors: [new sdk.BatchSpanProcessor(new exporter.OTLPTraceExporter())],
    });
    return { api, FastifyOtelInstrumentation, provider };
  } catch (error) {
    throw new Error('DAXPLANE_OTEL=1 needs the optional packages of OpenTelemetry (npm install, Node 20.6)', {
      cause: error,
    });
  }
}

/** As the conventions of OpenTelemetry name it, with the id by which the log and the events know the request. */
function describeSpan(span: Span, { method, url, routeOptions, id }: FastifyRequest): void {
  const route = routeOptions.url;
  span.updateName(route === undefined ? method : `${method} ${route}`);
  span.setAttributes({ 'url.path': pathOf({ url }), 'daxplane.request_id': id });
}

type Traced = ReturnType<FastifyRequest['opentelemetry']>;

/** Where nothing is traced the plugin is not there, whatever the type says. */
function spanOf(request: object): Traced | null {
  const { opentelemetry } = request as { readonly opentelemetry?: () => Traced };
  if (opentelemetry === undefined) return null;
  const traced: Traced = Reflect.apply(opentelemetry, request, []);
  return traced.instrumented ? traced : null;
}

/** The W3C trace context of the span of a request; null where it has none. */
export function traceparentOf(request: object): string | null {
  const carrier: { traceparent?: string } = {};
  spanOf(request)?.inject(carrier);
  return carrier.traceparent ?? null;
}
