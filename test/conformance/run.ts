import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { playAll } from './play_all.ts';
import { readRecordings } from './recording.ts';
import { differenceLine, differences, notCovered, totals } from './report.ts';
import { startService } from './service.ts';

const USAGE = `usage: npm run conformance -- [options] [FOLDER]
Plays recordings of real kernels against the service and compares every answer.
  --differences   print the core differences alone, one line each
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
      writeFileSync(join(compact, `${name}.json`), `${JSON.stringify(recording)}\n`);
    }
    return 0;
  }
  const service = await startService();
  const played = await playAll(recordings, service.call);
  await service.close();
  const core = differences(played, 'core');
  const lines = [...core, ...(values.detail ? differences(played, 'detail') : [])].map(differenceLine);
  const around = values.differences ? [] : [...notCovered(played), ...totals(played)];
  return say([...lines, ...around], core.length === 0 ? 0 : 1);
}

function say(lines: readonly string[], status: number): number {
  process.stdout.write(lines.map((line) => `${line}\n`).join(''));
  return status;
}

process.exitCode = await main(process.argv.slice(2));
