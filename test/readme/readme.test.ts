import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { loadConfig } from '../../src/config.ts';
import { REPOSITORY, startChildService, type ChildService } from '../client/child_service.ts';
import { fenced } from './fenced.ts';

const readme = await readFile(join(REPOSITORY, 'README.md'), 'utf8');

describe('README.md', () => {
  let service: ChildService;
  beforeAll(async () => {
    service = await startChildService({ DAXPLANE_DEMO: '1' });
  });
  afterAll(() => service.stop());

  const runMinute = async () => {
    const block = fenced(readme, 'A minute with curl', 'sh');
    expect(block).toContain('http://127.0.0.1:8080');
    const script = block.replaceAll('http://127.0.0.1:8080', service.url);
    return promisify(execFile)('bash', ['--norc', '-eu', '-c', script], { cwd: REPOSITORY });
  };

  test('the minute with curl runs as written and prints what it says', async () => {
    const { stdout, stderr } = await runMinute();
    expect(stderr).toBe('');
    expect(stdout).toBe(fenced(readme, 'A minute with curl', 'text'));
  });

  test('the minute run twice says what is the matter', async () => {
    const { stdout, stderr } = await runMinute();
    expect(stderr).toBe('');
    expect(stdout).not.toContain('undefined');
    expect(stdout).toMatch(/^v5\.10 +no: pmem0 .+ no: pmem1 .+/m);
  });

  test('nor does it stumble after a reboot', async () => {
    const reboot = `${service.url}/v1/hosts/node-v6.12/reboot`;
    await fetch(reboot, { method: 'POST', headers: { 'x-requested-with': 'test' } });
    const { stdout, stderr } = await runMinute();
    expect(stderr).toBe('');
    expect(stdout).toMatch(/^no: there is no mapping none/m);
  });

  test('the verdicts side by side are those of the recorded kernels', () => {
    const table = fenced(readme, 'A minute with curl', 'text').split('\n').slice(1, 5);
    expect(table.map((line) => line.split(/\s{2,}/))).toEqual([
      ['v5.10', 'completed, exposed', 'completed, exposed'],
      ['force-unmap', 'completed, contained', 'completed, contained'],
      ['v6.12', 'completed, exposed', 'completed, contained'],
      ['v7.3', 'completed, exposed', 'stuck, unsafe'],
    ]);
  });

  test('names every variable of the environment with its default', () => {
    const rows = [...readme.matchAll(/^\| `(DAXPLANE_\w+)` \| (?:`([^`]*)` )?\|/gm)].map(
      ([, name, value]) => [name, value ?? ''],
    );
    expect(loadConfig([], Object.fromEntries(rows) as Record<string, string>)).toEqual(loadConfig([], {}));
    expect(rows).toHaveLength(Object.keys(loadConfig([], {})).length);
  });
});
