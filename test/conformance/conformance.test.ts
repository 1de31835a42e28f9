import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, it } from 'vitest';
import { readExemptions } from './exemptions.ts';
import { playAll } from './play_all.ts';
import type { Played } from './play.ts';
import { readRecordings } from './recording.ts';
import { differenceLine, differences, totals } from './report.ts';
import { scriptOf } from './script.ts';
import { startService } from './service.ts';

const recordings = readRecordings(fileURLToPath(new URL('recordings', import.meta.url)));
const EXEMPT_MAX = 0.03;

describe('conformance with recorded kernels', () => {
  const byName = new Map<string, Played>();
  let played: readonly Played[] = [];

  beforeAll(async () => {
    const service = await startService();
    played = await playAll(recordings, service.call);
    await service.close();
    for (const acted of played) byName.set(acted.recording, acted);
    process.stdout.write(`${totals(played).join('\n')}\n`);
  });

  it.each(recordings.map((recorded) => [recorded.name, recorded] as const))(
    '[script] %s',
    (_name, recorded) => {
      const script = scriptOf(recorded);
      const steps = 'steps' in script ? script.steps : [];
      expect(steps.flatMap((step) => step.checks).filter((check) => check.class === 'core')).not.toHaveLength(
        0,
      );
    },
  );

  it.each(recordings.map(({ name }) => [name]))('[core] %s', (name) => {
    const acted = byName.get(name);
    expect(acted).toBeDefined();
    expect(differences(acted === undefined ? [] : [acted], 'core').map(differenceLine)).toEqual([]);
  });

  it('is what the README says', () => {
    const readme = readFileSync(fileURLToPath(new URL('../../README.md', import.meta.url)), 'utf8');
    for (const line of totals(played).filter((total) => /^(all kernels|exempt)/.test(total))) {
      expect(readme).toContain(line);
    }
  });

  it('exempts at most 3 % of the core observations, each with a reason', () => {
    const core = played.flatMap(({ observations }) => observations).filter((told) => told.class === 'core');
    const exempt = core.filter((told) => told.exempt !== null);
    expect(exempt.length / core.length).toBeLessThanOrEqual(EXEMPT_MAX);
    const reasons = new Set(exempt.map((told) => told.exempt));
    expect(readExemptions().filter(({ reason }) => !reasons.has(reason))).toEqual([]);
  });
});
