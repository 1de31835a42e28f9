import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { compact as withoutLeftOut } from './compact.ts';
import { playAll } from './play_all.ts';
import { readRecordings } from './recording.ts';
import { differenceLine, differences, notCovered, sightLines, totals } from './report.ts';
import { startService } from './service.ts';
import { sightOf } from './sight.ts';
import type { Sight } from './sight.ts';

const USAGE = `usage: npm run conformance -- [options] [FOLDER]
Plays recordings of real kernels against the service and compares every answer.
  --differences   print the core differences alone, one line each, and look for no overlooked leaves
  --detail        name the differences of the detail class too
  --only PATTERN  only recordings whose file name matches
  --compact OUT   write the recordings to OUT without what is not read here, and play nothing
`;

async function main(args: readonly string[]): Promise<number> {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      differences: { type: 'boolean', default: false },
      detail: { type: 'boolean', default: false },
      only: { type: 'string', default: '' },
      compact: { type: 'string' },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) return say([USAGE], 0);
  const folder = positionals[0] ?? fileURLToPath(new URL('recordings', import.meta.url));
  const only = new RegExp(values.only);
  const recordings = readRecordings(folder).filter(({ name }) => only.test(name));
  const { compact } = values;
  if (compact !== undefined) {
    for (const { name, recording } of recordings) {
      writeFileSync(join(compact, `${name}.json`), `${JSON.stringify(withoutLeftOut(recording))}\n`);
    }
    return 0;
  }
  const service = await startService();
  const played = await playAll(recordings, service.call);
  await service.close();
  const core = differences(played, 'core');
  const lines = [...core, ...(values.detail ? differences(played, 'detail') : [])].map(differenceLine);
  if (values.differences) return say(lines, core.length === 0 ? 0 : 1);
  const sights: [string, Sight][] = [];
  for (const recorded of recordings) sights.push([recorded.name, await sightOf(recorded)]);
  const isOverlooked = sights.some(([, { overlooked }]) => overlooked.length > 0);
  const around = [...notCovered(played), ...totals(played), ...sightLines(sights)];
  return say([...lines, ...around], core.length > 0 || isOverlooked ? 1 : 0);
}

function say(lines: readonly string[], status: number): number {
  process.stdout.write(lines.map((line) => `${line}\n`).join(''));
  return status;
}

process.exitCode = await main(process.argv.slice(2));
