import { expect, test } from 'vitest';
import { planImport } from '../../src/app/listing.ts';
import { hostAfter, modelledIn } from './support/played.ts';

const SIZE = 2 ** 31;
const CARD = { memdev: 'mem0', ram_size: 2 * SIZE, serial: 1, host: '0000:0d:00.0' };
const REGION = { region: 'region0', resource: 2 ** 32, type: 'ram', decode_state: 'commit' };
const DECODER = {
  decoder: 'decoder2.1',
  resource: 2 ** 32,
  size: SIZE,
  interleave_ways: 1,
  region: 'region0',
};
const ENDPOINT = { endpoint: 'endpoint2', host: 'mem0', depth: 2, 'decoders:endpoint2': [DECODER] };

/** The regions that a text has the model take, which has region0 so. */
function taken(text: string, lacks: object): unknown {
  const { made, listed } = hostAfter(...[CARD, REGION, ENDPOINT].map((object) => JSON.stringify([object])));
  const modelled = modelledIn(made);
  const cxl_regions = modelled.cxl_regions.map((region) => ({ ...region, ...lacks }));
  const plan = planImport(listed, { ...modelled, cxl_regions }, text, false);
  return 'cxl' in plan ? plan.cxl.regions.map(({ size, interleave_ways: ways }) => [size, ways]) : undefined;
}

test('[CX24] a region that the model has without what listings tell is taken again with its next listing', () => {
  const text = JSON.stringify([REGION]);
  expect(taken(text, {})).toBeUndefined();
  expect(taken(text, { size: null })).toEqual([[SIZE, 1]]);
  expect(taken(text, { interleave_ways: null })).toEqual([[SIZE, 1]]);
  expect(taken(JSON.stringify([CARD]), { size: null })).toBeUndefined();
});
