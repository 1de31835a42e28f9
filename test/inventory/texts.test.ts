import { describe, expect, it } from 'vitest';
import { toU64, U64_MAX } from '../../src/inventory/number.ts';
import { changesOf, importInto, knownAfter, NOTHING, refusalOf, valueOf, exportOf } from './support/host.ts';
import { recorded } from './support/recordings.ts';

const NDCTL = recorded('cxl.region-devdax@6.12', 'ndctl list -RBNDMXv');
const DAXCTL = recorded('cxl.region-devdax@6.12', 'daxctl list -RDM');
const CXL = recorded('cxl.region-devdax@6.12', 'cxl list -vvv');
const BREAKS = '[{"dev":"namespace0.0","mode":"fsdax",}]';

const skippedIn = (text: string): readonly string[] =>
  importInto(NOTHING, text).skipped.map(
    ({ document, pointer, reason }) => `${String(document)} ${pointer} ${reason}`,
  );
const device = (name: string): string => `{"chardev":"${name}","size":1073741824,"mode":"devdax"}`;

describe('[IMP36] a text without a JSON document is refused, with line and column', () => {
  it.each([
    ['truncated', NDCTL.slice(0, 400), /^line 1, column 401: not JSON: /],
    [
      'html',
      '<!doctype html>\n<html><body>not found</body></html>',
      /^line 1, column 1: no JSON: <!doctype html>, and 1 more lines$/,
    ],
    ['a word', 'namespace0.0', /^line 1, column 1: no JSON: namespace0.0$/],
    ['a trailing comma', BREAKS, /^line 1, column 39: not JSON: /],
    [
      'a break further down',
      '\n\n[\n  {"dev":"namespace0.0" "mode":"fsdax"}\n]',
      /^line 4, column 25: not JSON: /,
    ],
    ['a lone quote', '"', /^line 1, column 1: no JSON: "$/],
    ['nesting without end', '['.repeat(200_000), /^line 1, column \d+: not JSON: /],
  ])('%s', (_, text, detail) => {
    const refusal = refusalOf(text);
    expect(refusal.code).toBe('not_json');
    expect(refusal.detail).toMatch(detail);
  });
});

describe('[IMP36] what is JSON is taken', () => {
  it('behind a document in which a quotation mark is missing, as one of cxl-clear-error(1)', () => {
    const broken =
      '# cxl list -m mem0 -L -u\n{\n  "memdev":"mem0",\n  "numa_node:1,\n  "host":"0000:35:00.0"\n}\n';
    const whole = '# cxl list -m mem1\n{ "memdev":"mem1","serial":"0x1","host":"0000:36:00.0" }\n';
    const { host, skipped } = importInto(NOTHING, `${broken}${whole}`);
    expect(host.memdevs.map(({ name }) => name)).toEqual(['mem1']);
    expect(skipped.filter(({ kind }) => kind === 'text')).toMatchObject([
      { name: 'line 1, column 1' },
      { name: 'line 4, column 16', detail: expect.stringContaining('not JSON') as string },
      { name: 'line 7, column 1' },
    ]);
    expect(refusalOf(broken).code).toBe('not_json');
  });

  it('after a byte order mark, and with lines before, between and behind it', () => {
    const text = `\uFEFF$ ndctl list\nlibndctl: [warn] no {bus\n[ 12.5] nd_pmem: ok\n${NDCTL}\nWarning: none\n${CXL}\n# exit 0\n`;
    const plain = importInto(NOTHING, NDCTL);
    const { devices, skipped } = importInto(NOTHING, text);
    expect(devices.map(({ record }) => record.name)).toEqual(plain.devices.map(({ record }) => record.name));
    expect(skipped.filter(({ kind }) => kind === 'text')).toMatchObject([
      { name: 'line 1, column 2', reason: 'not json', document: null, pointer: '' },
      { detail: expect.stringContaining('Warning: none') as string },
      { detail: 'no JSON: # exit 0' },
    ]);
    expect(skipped.filter(({ reason }) => reason === 'not json')).toHaveLength(3);
  });

  it('of several tools in a row, each worked in as if it had come alone', () => {
    for (const texts of [
      [NDCTL, DAXCTL, CXL],
      [CXL, NDCTL, DAXCTL],
      [DAXCTL, CXL, NDCTL],
    ]) {
      const all = importInto(NOTHING, texts.join('\n'));
      const known = knownAfter(...texts);
      expect(all).toMatchObject({ format: 'mixed', host: known.host });
      expect([...all.records].sort((a, b) => (a.name < b.name ? -1 : 1))).toEqual(known.devices);
      expect(importInto(known, texts.join(''))).toMatchObject({ format: 'mixed' });
      expect(new Set(Object.values(changesOf(importInto(known, texts.join('')))))).toEqual(
        new Set(['unchanged']),
      );
    }
  });

  it('of several tools in one array, in the order of their objects', () => {
    const one = JSON.stringify([
      { dev: 'namespace0.0', mode: 'raw', size: 4096, blockdev: 'pmem0' },
      { memdev: 'mem0' },
    ]);
    const { format, devices, host } = importInto(NOTHING, one);
    expect(format).toBe('mixed');
    expect(devices.map(({ record }) => record.name)).toEqual(['pmem0']);
    expect(host.memdevs.map(({ name }) => name)).toEqual(['mem0']);
  });

  it('a device that comes with the first of them and gets its name with the second is created once', () => {
    const disabled = '[{"dev":"namespace0.0","mode":"raw","size":4096,"state":"disabled"}]';
    const enabled = '[{"dev":"namespace0.0","mode":"raw","size":4096,"blockdev":"pmem0"}]';
    const { devices } = importInto(NOTHING, `${disabled}${enabled}`);
    expect(devices).toMatchObject([{ record: { name: 'pmem0' }, change: 'created', previous_name: null }]);
    const known = knownAfter(disabled);
    expect(importInto(known, `${disabled}${enabled}`).devices).toMatchObject([
      { record: { name: 'pmem0' }, change: 'updated', previous_name: 'namespace0.0' },
    ]);
  });

  it('what one of them shows and another does not is missed from neither', () => {
    const [first, second] = [`[${device('dax0.0')}]`, `[${device('dax1.0')}]`];
    const known = knownAfter(`[${['dax0.0', 'dax1.0', 'dax2.0'].map(device).join()}]`);
    expect(importInto(known, first).absent).toMatchObject([{ name: 'dax1.0' }, { name: 'dax2.0' }]);
    expect(importInto(known, first + second).absent).toMatchObject([{ name: 'dax2.0' }]);
    expect(changesOf(importInto(known, first + second, true))).toEqual({
      'dax0.0': 'unchanged',
      'dax1.0': 'unchanged',
      'dax2.0': 'gone',
    });
  });

  it.each([
    ['an object without a name', `[${device('dax0.0')},{"chardev":7,"size":4096}]`],
    ['an object of no tool', `[${device('dax0.0')},{"x":1}]`],
    ['a document that breaks', `[${device('dax0.0')}]\n[{"chardev":`],
  ])('a complete listing with %s ends nothing', (_, text) => {
    const known = knownAfter(`[${['dax0.0', 'dax1.0'].map(device).join()}]`);
    const { devices, absent } = importInto(known, text, true);
    expect(devices.map(({ change }) => change)).toEqual(['unchanged']);
    expect(absent).toMatchObject([{ name: 'dax1.0', reason: 'not read' }]);
  });

  it('a line of a log does not make a complete listing less so', () => {
    const known = knownAfter(`[${['dax0.0', 'dax1.0'].map(device).join()}]`);
    const { absent } = importInto(known, `Warning: x\n[${device('dax0.0')}]`, true);
    expect(absent).toEqual([]);
  });

  it('single objects in a row are one listing: none of them is missing from another', () => {
    const text = ['dax0.0', 'dax1.0', 'dax2.0'].map(device).join('\n');
    expect(importInto(NOTHING, text).records.map(({ name }) => name)).toEqual(['dax0.0', 'dax1.0', 'dax2.0']);
    expect(changesOf(importInto(knownAfter(text), `${device('dax0.0')}${device('dax0.0')}`))['dax0.0']).toBe(
      'unchanged',
    );
  });

  it('beside a document that breaks, whole or cut short', () => {
    const good = `[${device('dax0.0')}]`;
    expect(skippedIn(`${BREAKS}\n${good}`)).toEqual(['null  not json']);
    expect(skippedIn(`${good}\n${NDCTL.slice(0, 400)}`)).toEqual(['null  not json']);
    expect(importInto(NOTHING, `${BREAKS}${good}`).records.map(({ name }) => name)).toEqual(['dax0.0']);
  });

  it('a single object where an array is printed', () => {
    const { records, skipped } = importInto(
      NOTHING,
      '{"regions":{"dev":"region0","size":8192,"namespaces":{"dev":"namespace0.0","mode":"raw","size":4096,"blockdev":"pmem0"}}}',
    );
    expect(records.map(({ name }) => name)).toEqual(['pmem0']);
    expect(skipped.map(({ reason }) => reason)).toEqual(['not a dax device']);
  });

  it('a key that stands twice counts as it stands last', () => {
    const text = '[{"chardev":"dax0.0","size":1,"size":1073741824}]';
    expect(importInto(NOTHING, text).records[0]!.size).toBe(1073741824);
  });

  it('what the text says of the host is handed on unread', () => {
    const text = `{"kernel_release":"6.8.0-31-generic","kernel_probes":{"symbols":{"a":true}}}\n[${device('dax0.0')}]`;
    const { kernel_release, kernel_probes, records, skipped } = importInto(NOTHING, text);
    expect([kernel_release, kernel_probes]).toEqual(['6.8.0-31-generic', { symbols: { a: true } }]);
    expect([records.length, skipped.length]).toEqual([1, 0]);
    expect(importInto(NOTHING, '[]')).not.toHaveProperty('kernel_release');
  });
});

describe('[IMP37] what no tool prints is skipped, with its place', () => {
  it.each([
    ['null', 'null', ['0  unknown object']],
    ['a number', '42', ['0  unknown object']],
    ['a string', '"dax0.0"', ['0  unknown object']],
    ['an object of nothing', '{}', ['0  unknown object']],
    ['an array of numbers', '[1,2]', ['0 /0 unknown object', '0 /1 unknown object']],
    ['an array of arrays', `[[${device('dax0.0')}]]`, ['0 /0 unknown object']],
    ['another tool', '[{"blockdevices":"sda"}]', ['0 /0 unknown object']],
    ['the answer of lsblk', '{"blockdevices":[{"name":"sda"}]}', ['0 /blockdevices/0 unknown object']],
    ['an unknown dev', '[{"dev":"sda1"}]', ['0 /0 unknown object']],
    ['a path as a name', '[{"chardev":"../../etc/passwd","size":1}]', ['0 /0/chardev invalid value']],
    [
      'an object that stands for a number',
      '[{"chardev":"dax0.0","size":4096,"x":{"$number":"1"}}]',
      ['0 /0/x invalid value'],
    ],
    [
      'dimms that are none',
      '[{"provider":"e820","dev":"ndbus0","dimms":4}]',
      ['0 /0/dimms invalid value', '0 /0 not a dax device'],
    ],
  ])('%s', (_, text, skipped) => {
    expect(skippedIn(text)).toEqual(skipped);
  });

  it('of two with one name the first counts, and what stands in the second enters', () => {
    const one =
      '{"dev":"region0","size":8192,"namespaces":[{"dev":"namespace0.0","mode":"raw","size":4096,"blockdev":"pmem0"}]}';
    const other = one.replaceAll('namespace0.0', 'namespace0.1').replace('8192', '1');
    const { records, host, skipped } = importInto(NOTHING, `[${one},${other}]`);
    expect(host.regions).toMatchObject([{ name: 'region0', fields: { size: 8192 } }]);
    expect(records.map(({ name }) => name)).toEqual(['pmem0', 'namespace0.1']);
    expect(skipped.filter(({ reason }) => reason === 'twin')).toMatchObject([
      { kind: 'region', name: 'region0', pointer: '/1' },
      { kind: 'namespace', name: 'namespace0.1', pointer: '/1/namespaces/0/blockdev' },
    ]);
    expect(exportOf('ndctl', { host, devices: records })).toContain('"blockdev": "pmem0"');
  });

  it('nesting that no tool prints is cut', () => {
    const deep = `${'['.repeat(10_000)}${']'.repeat(10_000)}`;
    const text = `[${device('dax0.0').replace('}', `,"x":${deep}}`)},${device('dax1.0')}]`;
    const { records, skipped } = importInto(NOTHING, text);
    expect(records.map(({ name }) => name)).toEqual(['dax0.0', 'dax1.0']);
    expect(skipped).toMatchObject([{ reason: 'invalid value', pointer: `/0/x${'/0'.repeat(63)}` }]);
  });

  it('nesting without an end is where it becomes too deep', () => {
    const detail = 'nested deeper than 96 levels, and not closed';
    expect(refusalOf(`\n${'['.repeat(500_000)}`).detail).toBe(`line 2, column 97: not JSON: ${detail}`);
    const { records, skipped } = importInto(NOTHING, `[${device('dax0.0')}]\n${'{"a":'.repeat(100_000)}`);
    expect(records.map(({ name }) => name)).toEqual(['dax0.0']);
    expect(skipped).toMatchObject([{ kind: 'text', detail: `not JSON: ${detail}` }]);
  });
});

describe('[IMP38] a value that its key cannot have is not read, and printed as it was', () => {
  it.each([
    ['size', '"big"'],
    ['size', '-1'],
    ['size', '1.5'],
    ['size', '9007199254740992'],
    ['size', '1e400'],
    ['size', '"99999999.00 TiB (99999999.00 TB)"'],
    ['size', 'null'],
    ['align', '"2097152"'],
    ['align', '3'],
    ['align', '0'],
    ['numa_node', '-1'],
    ['sector_size', '-1'],
    ['blockdev', '"pmem0/../sda"'],
    ['blockdev', '"dax0.0"'],
    ['state', 'false'],
    ['badblocks', '{}'],
    ['badblocks', '[1]'],
    ['badblocks', '[{"offset":1}]'],
    ['badblocks', '[{"offset":17592186044416,"length":1}]'],
    ['name', '{"$odd":1}'.replace('$odd', 'odd')],
    ['uuid', '"\\ud800\\u0000"'],
  ])('%s: %s', (key, value) => {
    const around = '"mode":"raw","size":4096,"blockdev":"pmem1"';
    const text = `{"namespaces":[{"dev":"namespace0.0","mode":"raw","size":8192,"blockdev":"pmem0","${key}":${value}},{"dev":"namespace1.0",${around}}]}`;
    const { records, host, skipped } = importInto(NOTHING, text);
    const odd = skipped.filter(({ reason }) => reason === 'invalid value');
    expect(odd.map(({ pointer }) => pointer.startsWith(`/namespaces/0/${key}`))).toEqual(
      key === 'uuid' ? [] : [true],
    );
    expect(records.find(({ name }) => name === 'pmem1')?.size).toBe(4096);
    const printed = JSON.stringify(valueOf(exportOf('ndctl', { host, devices: records })));
    expect(printed).toContain(`"${key}":${JSON.stringify(valueOf(value))}`);
  });

  it('points into nested objects', () => {
    const text = `[{"provider":"ACPI.NFIT","dev":"ndbus0","dimms":{},"regions":[
      {"dev":"region0","iset_id":"12","badblocks":[{"offset":1,"length":"8"}],"namespaces":[[]]}]}]`;
    const odd = skippedIn(text).filter((line) => /invalid|unknown/.test(line));
    expect(odd.sort()).toEqual([
      '0 /0/dimms/dev invalid value',
      '0 /0/regions/0/badblocks/0/length invalid value',
      '0 /0/regions/0/iset_id invalid value',
      '0 /0/regions/0/namespaces/0 unknown object',
    ]);
  });

  it('a list of which a member cannot be read tells neither media nor place', () => {
    const region = (mappings: unknown) =>
      JSON.stringify({
        dimms: [
          { dev: 'nmem0', id: 'a-1' },
          { dev: 'nmem1', id: 'a-2' },
        ],
        regions: [
          {
            dev: 'region0',
            mappings,
            namespaces: [{ dev: 'namespace0.0', mode: 'raw', size: 4096, blockdev: 'pmem0' }],
          },
        ],
      });
    const serial = (mappings: unknown) => importInto(NOTHING, region(mappings)).records[0]!.media_serial;
    expect(serial([{ dimm: 'nmem0' }, { dimm: 'nmem1' }])).toBe('a-1,a-2');
    expect(serial([{ dimm: 'nmem0' }, { dimm: 7 }])).toBeNull();
    expect(serial([{ dimm: 'nmem0' }, 7])).toBeNull();
  });

  it('an id printed signed is that of 64 bits without a sign', () => {
    const { host } = importInto(
      NOTHING,
      '[{"memdev":"mem0","serial":-1,"host":"0000:0d:00.0"},{"memdev":"mem1","serial":-9223372036854775809}]',
    );
    expect(host.memdevs.map(({ fields }) => fields['serial'])).toEqual([
      -1,
      { $odd: { $number: '-9223372036854775809' } },
    ]);
    expect(toU64(host.memdevs[0]!.fields['serial'])).toBe(U64_MAX);
    expect(toU64({ $number: '-3280912044938415054' })).toBe(15165832028771136562n);
  });
});
