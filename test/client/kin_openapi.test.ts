import { execFile, spawnSync } from 'node:child_process';
import { copyFile, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { DOCUMENT, operationsOf } from '../support/document.ts';
import { REPOSITORY } from './child_service.ts';

/** As Debian has it: golang-go and golang-github-getkin-kin-openapi-dev, which .ci/run installs. */
const GOPATH = '/usr/share/gocode';
const isThere = spawnSync('go', ['version']).status === 0;

test.skipIf(!isThere && process.env['CI'] === undefined)(
  "Go's kin-openapi reads and validates the document of 3.0.3, with its examples",
  async () => {
    const folder = await mkdtemp(join(tmpdir(), 'daxplane-go-'));
    try {
      await copyFile(new URL('./kin.go.txt', import.meta.url), join(folder, 'main.go'));
      const env = { ...process.env, GO111MODULE: 'off', GOPATH, GOCACHE: join(folder, 'cache') };
      const document = join(REPOSITORY, 'openapi/daxplane-3.0.json');
      const { stdout } = await promisify(execFile)('go', ['run', 'main.go', document], { cwd: folder, env });
      expect(Number(stdout)).toBe(operationsOf(DOCUMENT).length);
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  },
);
