import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { REFUSAL_CODES } from '../../src/engine/model/refusal_codes.ts';
import { HTTP_PROBLEMS } from '../../src/http/problem.ts';
import { Problem } from '../../src/http/schemas/problem.ts';
import { serve, type Method } from '../support/server.ts';
import { playScene, type Scene } from './conflicts_scene.ts';
import { OF_THE_SERVICE, type Refused } from './walk/codes.ts';
import { OPERATIONS } from './walk/walker.ts';

const server = serve(beforeAll, afterAll);
let scene: Scene;
beforeAll(async () => {
  scene = await playScene(server);
});

const A = '/v1/hosts/node-a';
type Request = readonly [Method, string, unknown?, Readonly<Record<string, string>>?];

/** Requests that a service which is as it should be refuses, in the scene. */
const REFUSED = {
  host_not_found: () => ['GET', '/v1/hosts/nobody'],
  dax_device_not_found: () => ['GET', `${A}/dax-devices/pmem9`],
  mount_not_found: () => ['GET', `${A}/mounts/m99`],
  file_not_found: () => ['GET', `${A}/files/f99`],
  process_not_found: () => ['GET', `${A}/processes/99`],
  mapping_not_found: () => ['GET', `${A}/mappings/v99`],
  open_file_not_found: () => ['GET', `${A}/open-files/o99`],
  pin_not_found: () => ['GET', `${A}/pins/p99`],
  removal_not_found: () => ['GET', '/v1/removals/none'],
  hotplug_event_not_found: () => ['GET', `${A}/hotplug-events/none`],
  memory_block_not_found: () => ['GET', `${A}/dax-devices/dax0.0/memory-blocks/99`],
  cxl_memdev_not_found: () => ['GET', `${A}/cxl-memdevs/mem9`],
  cxl_region_not_found: () => ['GET', `${A}/cxl-regions/region9`],
  exposure_not_found: () => ['GET', '/v1/exposures/none'],
  webhook_not_found: () => ['GET', '/v1/webhooks/none'],
  delivery_not_found: () => ['GET', `/v1/webhooks/${scene.there['webhook']!}/deliveries/none`],
  snapshot_not_found: () => ['GET', `${A}/snapshots/none`],
  fault_rule_not_found: () => ['GET', '/v1/fault-rules/none'],
  host_exists: () => conflict('createHost'),
  dax_device_exists: () => conflict('createDaxDevice'),
  process_exists: () => conflict('createProcess'),
  path_exists: () => conflict('createFile'),
  host_in_use: () => conflict('deleteHost'),
  dax_device_in_use: () => conflict('deleteDaxDevice'),
  dax_device_busy: () => conflict('shutdownMount'),
  dax_device_not_bound: () => [
    'POST',
    '/v1/hosts/node-g/dax-devices/pmem0/remove',
    { trigger: 'surprise_removal' },
  ],
  removal_in_progress: () => conflict('patchHost'),
  process_ended: () => conflict('createMapping'),
  process_unavailable: () => conflict('unpin'),
  kernel_refused: () => conflict('bindDaxDevice'),
  tool_refused: () => conflict('onlineMemory'),
  outcome_unknown: () => conflict('freezeMount'),
  undetermined: () => conflict('syncMount'),
  not_modelled: () => conflict('commitJournal'),
  not_attainable: () => conflict('putTopology'),
  topology_too_large: () => conflict('getTopology'),
  webhook_disabled: () => conflict('testWebhook'),
  clock_not_manual: () => conflict('setClock'),
  out_of_range: () => ['POST', `${A}/pins`, { ...PIN, mapping: scene.there['mapping'], offset: '1GiB' }],
  overlap: () => [
    'POST',
    `${A}/dax-devices`,
    { name: 'pmem9', mode: 'fsdax', size: '1GiB', phys_addr: '0x250000000' },
  ],
  invalid_field: () => ['GET', '/v1/hosts?page_token=zzz'],
  malformed_inventory: () => ['POST', `${A}/inventory`, '{"dev":'],
  malformed_json: () => ['POST', '/v1/hosts', '{'],
  invalid_request: () => ['POST', '/v1/hosts', {}],
  route_not_found: () => ['GET', '/v1/nothing'],
  kernel_not_found: () => ['GET', '/v1/kernels/v0'],
  method_not_allowed: () => ['DELETE', '/v1/hosts'],
  precondition_failed: () => ['PATCH', A, {}, { 'if-match': '"other.1"' }],
  payload_too_large: () => ['POST', '/v1/hosts', '{}', { 'content-length': '100000000' }],
  uri_too_long: () => ['GET', `/v1/hosts/${'x'.repeat(256)}`],
  unsupported_media_type: () => ['POST', '/v1/hosts', '<x/>', { 'content-type': 'application/xml' }],
  range_not_satisfiable: () => [
    'GET',
    '/docs/static/swagger-ui.css',
    undefined,
    { range: 'bytes=99999999-' },
  ],
} as const satisfies Record<string, () => Request>;

const PIN = { pid: 42, length: 4096, kind: 'transient', holder: 'rdma' };

/** What meets a conflict in the scene. */
function conflict(id: string): Request {
  const [url, body] = scene.conflicts[id]!;
  return [OPERATIONS.get(id)!.method.toUpperCase() as Method, url, body];
}

/** What takes several requests. */
const AFTER_OTHERS = {
  idempotency_key_reused: async () => {
    const key = { 'idempotency-key': 'one' };
    await server.call('POST', '/v1/hosts', { name: 'keyed', kernel: 'v6.12' }, key);
    return server.call('POST', '/v1/hosts', { name: 'other', kernel: 'v6.12' }, key);
  },
  file_system_not_mounted: async () => {
    const at = '/v1/hosts/node-d';
    const make = async (path: string, body: object) => (await server.call('POST', path, body)).json;
    await make('/v1/hosts', { name: 'node-d', kernel: 'v6.12' });
    await make(`${at}/dax-devices`, { name: 'pmem0', mode: 'fsdax', size: '1GiB' });
    const volume = { path: '/mnt', fs_type: 'ext4', dax: 'always', mkfs: true };
    const mount = (await make(`${at}/mounts`, { dax_device: 'pmem0', ...volume })).id;
    const file = (await make(`${at}/files`, { mount, path: '/data', size: '1MiB' })).id;
    await make(`${at}/processes`, { pid: 42, comm: 'reader' });
    await server.call('DELETE', `${at}/mounts/${mount}`);
    return server.call('POST', `${at}/files/${file}/io`, { pid: 42, kind: 'pread', offset: 0, length: 4096 });
  },
  limit_reached: async () => {
    await scene.fill();
    return server.call(...conflict('createFaultRule'));
  },
} as const satisfies Record<string, () => Promise<Refused>>;

const ACTS: Readonly<Record<string, () => Promise<Refused>>> = {
  ...Object.fromEntries(
    Object.entries<() => Request>(REFUSED).map(([code, request]) => [code, () => server.call(...request())]),
  ),
  ...OF_THE_SERVICE,
  ...AFTER_OTHERS,
};

describe('every code is answered over HTTP', () => {
  test('there is an act for each, and for no other', () => {
    const codes = [...Object.keys(HTTP_PROBLEMS), ...Object.keys(REFUSAL_CODES)];
    expect(Object.keys(ACTS).sort()).toEqual(codes.sort());
  });

  test.each(Object.entries(ACTS))('%s', async (code, act) => {
    const { status, json } = await act();
    const problem = Problem.safeParse(json);
    expect([problem.error?.issues ?? [], problem.data?.code, problem.data?.status]).toEqual([
      [],
      code,
      status,
    ]);
  });
});
