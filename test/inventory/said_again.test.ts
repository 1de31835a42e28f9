import fc from 'fast-check';
import { expect, test } from 'vitest';
import { cases } from '../support/property.ts';
import { HOSTILE, RECORDED_TEXTS, spoil } from './support/hostile.ts';
import { hostAfter, importedInto, type PlayedHost } from './support/played.ts';

/** What an import of a text says that it changes, and the revisions of all devices before and after it. */
function importOf(host: PlayedHost, text: string): { changes: string[]; before: unknown; after: unknown } {
  const revisions = (): unknown =>
    [...host.made.host.tables.dax_devices.values()].map(({ name, revision }) => [name, revision]);
  const before = revisions();
  const { answer } = importedInto(host, text);
  const changes = [...answer.devices, ...answer.host_objects]
    .filter(({ change }) => change !== 'unchanged')
    .map(({ name, change }) => `${name} ${change}`);
  return { changes, before, after: revisions() };
}

test('[IMP4] no recorded listing changes anything when it is imported again', () => {
  for (const text of RECORDED_TEXTS) {
    const { changes, before, after } = importOf(hostAfter(text), text);
    expect([text, changes, after]).toEqual([text, [], before]);
  }
});

test('[IMP4] [IMP38] nor does one with a value that its key cannot have, also after it was listed well', () => {
  const texts = fc.constantFrom(...RECORDED_TEXTS);
  const story = fc.tuple(texts, fc.nat(500), fc.constantFrom(...HOSTILE), fc.boolean());
  fc.assert(
    fc.property(story, ([text, at, by, wasWell]) => {
      const { text: spoilt } = spoil(text, at, by);
      const host = wasWell ? hostAfter(text, spoilt) : hostAfter(spoilt);
      const { changes, before, after } = importOf(host, spoilt);
      expect([changes, after]).toEqual([[], before]);
    }),
    cases(),
  );
});

test('[IMP4] nor does one that leaves out what another has told', () => {
  const told = {
    dev: 'namespace0.0',
    mode: 'fsdax',
    map: 'mem',
    size: 1_054_867_456,
    sector_size: 512,
    numa_node: 0,
  };
  const full = JSON.stringify([
    { ...told, blockdev: 'pmem0', align: 4096, badblock_count: 1, badblocks: [{ offset: 1, length: 1 }] },
  ]);
  const bare = JSON.stringify([{ ...told, state: 'disabled' }]);
  const { changes, before, after } = importOf(hostAfter(full, bare), bare);
  expect([changes, after]).toEqual([[], before]);
});

test('[IMP4] nor does one with badblocks that the data do not hold', () => {
  const badblocks = [
    { offset: 1, length: 1 },
    { offset: 3, length: 0 },
    { offset: 2047, length: 9 },
    { offset: 1e9, length: 2 },
  ];
  const text = JSON.stringify([
    { dev: 'namespace0.0', mode: 'raw', size: 1_048_576, blockdev: 'pmem0', badblock_count: 12, badblocks },
  ]);
  const { changes, before, after } = importOf(hostAfter(text), text);
  expect([changes, after]).toEqual([[], before]);
});
