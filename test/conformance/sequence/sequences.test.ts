import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, it } from 'vitest';
import { readExemptions } from '../exemptions.ts';
import { playAll } from '../play_all.ts';
import type { Played } from '../play.ts';
import { readRecordings } from '../recording.ts';
import { differenceLine, differences, totals } from '../report.ts';
import { startService } from '../service.ts';
import { NO_REQUEST } from './stage.ts';

const recordings = readRecordings(fileURLToPath(new URL('recordings', import.meta.url)));
const EXEMPT_MAX = 0.01;
const WITHOUT_REQUEST_MAX = 0.02;

describe('conformance with recorded sequences', () => {
  const byName = new Map<string, Played>();
  let played: readonly Played[] = [];
  const core = () =>
    played.flatMap(({ observations }) => observations).filter((told) => told.class === 'core');

  beforeAll(async () => {
    const service = await startService();
    played = await playAll(recordings, service.call);
    await service.close();
    for (const acted of played) byName.set(acted.recording, acted);
    process.stdout.write(`${totals(played, 'sequences, ').join('\n')}\n`);
  });

  it.each(recordings.map(({ name }) => [name]))('[core] %s', (name) => {
    const acted = byName.get(name);
    const compared = (acted?.observations ?? []).filter(
      (told) => told.class === 'core' && told.exempt === null,
    );
    expect(compared).not.toHaveLength(0);
    expect(differences(acted === undefined ? [] : [acted], 'core').map(differenceLine)).toEqual([]);
  });

  it('is what the README says', () => {
    const readme = readFileSync(fileURLToPath(new URL('../../../README.md', import.meta.url)), 'utf8');
    for (const line of totals(played, 'sequences, ').filter((total) =>
      /(all kernels|exempt|without)/.test(total),
    )) {
      expect(readme).toContain(line);
    }
  });

  it('exempts at most 1 % of the core observations, each with a reason that something has', () => {
    const exempt = core().filter((told) => told.exempt !== null && told.exempt !== NO_REQUEST);
    expect(exempt.length / core().length).toBeLessThanOrEqual(EXEMPT_MAX);
    const reasons = new Set(exempt.map((told) => told.exempt));
    const listed = readExemptions(new URL('exemptions.json', import.meta.url));
    expect(listed.filter(({ reason }) => !reasons.has(reason))).toEqual([]);
  });

  it('has no request for at most 2 % of them', () => {
    const without = core().filter((told) => told.exempt === NO_REQUEST);
    expect(without.length / core().length).toBeLessThanOrEqual(WITHOUT_REQUEST_MAX);
  });
});
