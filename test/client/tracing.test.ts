import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startChildService } from './child_service.ts';

/** What is read of OTLP as JSON. */
interface Span {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId?: string;
  readonly name: string;
  readonly kind: number;
  readonly attributes: readonly Attribute[];
  readonly status: { readonly code: number };
}
interface Attribute {
  readonly key: string;
  readonly value: { readonly stringValue?: string; readonly intValue?: number };
}
interface Sent {
  readonly resourceSpans: readonly {
    readonly resource: { readonly attributes: readonly Attribute[] };
    readonly scopeSpans: readonly { readonly spans: readonly Span[] }[];
  }[];
}

const SERVER = 2;
const [OK, ERROR] = [1, 2];
const TRACE = '0af7651916cd43dd8448eb211c80319c';
const CALLER = 'b7ad6b7169203331';

/** A collector that takes OTLP over HTTP. */
const sent: Sent[] = [];
let collector: Server;
let spans: readonly Span[];
let events: readonly { readonly type: string; readonly traceparent: string | null }[];
let status: number | null;

beforeAll(async () => {
  collector = createServer((request, response) => {
    void text(request).then((body) => {
      expect([request.method, request.url]).toEqual(['POST', '/v1/traces']);
      sent.push(JSON.parse(body) as Sent);
      response.setHeader('content-type', 'application/json').end('{}');
    });
  });
  collector.listen(0, '127.0.0.1');
  await once(collector, 'listening');
  const { port } = collector.address() as AddressInfo;
  const service = await startChildService({
    DAXPLANE_DEMO: '0',
    DAXPLANE_OTEL: '1',
    OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${String(port)}`,
    OTEL_RESOURCE_ATTRIBUTES: 'deployment.environment.name=test',
  });
  const traceparent = `00-${TRACE}-${CALLER}-01`;
  const json = { 'content-type': 'application/json', traceparent, 'x-request-id': 'asked' };
  const hosts = `${service.url}/v1/hosts`;
  await fetch(hosts, { method: 'POST', headers: json, body: '{"name":"node-a","kernel":"v6.12"}' });
  await fetch(`${hosts}/none?limit=secret`, { headers: { authorization: 'Bearer secret' } });
  for (const url of ['/livez', '/readyz', '/metrics', '/nothing']) await fetch(service.url + url);
  ({ items: events } = (await (await fetch(`${service.url}/v1/events`)).json()) as { items: typeof events });
  // What is not sent yet is sent as it stops.
  status = await service.stop();
  spans = sent.flatMap(({ resourceSpans }) =>
    resourceSpans.flatMap(({ scopeSpans }) => scopeSpans.flatMap((scope) => scope.spans)),
  );
});
afterAll(() => collector.close());

const named = (name: string): Span => {
  const [first, ...more] = spans.filter((span) => span.name === name);
  expect([name, first === undefined, more.length]).toEqual([name, false, 0]);
  return first!;
};
const attributesOf = ({ attributes }: { readonly attributes: readonly Attribute[] }): object =>
  Object.fromEntries(attributes.map(({ key, value }) => [key, value.stringValue ?? value.intValue]));

describe('with DAXPLANE_OTEL=1', () => {
  test('a request is a span of the trace of its caller, with its route', () => {
    const span = named('POST /v1/hosts');
    expect(span).toMatchObject({ traceId: TRACE, parentSpanId: CALLER, kind: SERVER });
    expect(attributesOf(span)).toMatchObject({
      'http.request.method': 'POST',
      'http.route': '/v1/hosts',
      'http.response.status_code': 201,
      'url.path': '/v1/hosts',
      'daxplane.request_id': 'asked',
    });
  });

  test('what the writer does for it is a span below', () => {
    const submit = named('submit create_host');
    const parents: string[] = [];
    for (let at: Span | undefined = submit; at !== undefined; ) {
      const { parentSpanId }: Span = at;
      at = spans.find(({ spanId }) => spanId === parentSpanId);
      if (at !== undefined) parents.push(at.name);
    }
    expect([submit.traceId, parents.at(-1)]).toEqual([TRACE, 'POST /v1/hosts']);
  });

  test('an event tells the span of the request that it came of', () => {
    const { spanId } = named('POST /v1/hosts');
    expect(events.map(({ type, traceparent }) => [type, traceparent])).toEqual([
      ['host_created', `00-${TRACE}-${spanId}-01`],
    ]);
  });

  test('that a client errs is no error of the service, and tells none of what it sent', () => {
    const span = named('GET /v1/hosts/:host');
    expect([span.status.code, attributesOf(span)]).toMatchObject([
      OK,
      { 'http.response.status_code': 400, 'url.path': '/v1/hosts/none' },
    ]);
    expect(span.parentSpanId ?? '').toBe('');
    expect(JSON.stringify(sent)).not.toContain('secret');
    expect(spans.filter(({ kind, status: { code } }) => kind === SERVER && code === ERROR)).toEqual([]);
  });

  test('health and metrics are not traced', () => {
    expect(spans.filter(({ name }) => /livez|readyz|metrics/.test(name))).toEqual([]);
  });

  test('the service has its name and what the operator tells of it', () => {
    expect(attributesOf(sent[0]!.resourceSpans[0]!.resource)).toMatchObject({
      'service.name': 'daxplane',
      'deployment.environment.name': 'test',
    });
  });

  test('it stops as without', () => {
    expect(status).toBe(0);
  });
});

test('a collector that is not there is no reason to stop otherwise', async () => {
  const service = await startChildService({
    DAXPLANE_DEMO: '0',
    DAXPLANE_OTEL: '1',
    OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:9',
    OTEL_EXPORTER_OTLP_TIMEOUT: '200',
  });
  expect((await fetch(`${service.url}/v1/hosts`)).status).toBe(200);
  expect(await service.stop()).toBe(0);
});
