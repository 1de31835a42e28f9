import { execFile } from 'node:child_process';
import { copyFile, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { DOCUMENT, operationsOf } from '../support/document.ts';
import { requireTools } from '../support/tools.ts';
import { REPOSITORY } from './child_service.ts';

/** As Debian has it: golang-go and golang-github-getkin-kin-openapi-dev, which .ci/run installs. */
const GOPATH = '/usr/share/gocode';
const KIN_OPENAPI = `${GOPATH}/src/github.com/getkin/kin-openapi`;

interface Report {
  readonly operations: number;
  /** How many parts of schemas may be null. */
  readonly nullable: number;
  readonly refused: string[];
}

/**
 * A page size is a number or a text, and may be null: a union of several types, where kin-openapi looks for `nullable`
 * beside `anyOf` and ajv refuses it there. Leaving the property out says the same as null.
 */
const REFUSED = ['CreateDaxDevice.align', 'DeclaredDaxDevice.align'];

test("Go's kin-openapi validates the document of 3.0.3 with its examples, and takes null where one may be", async ({
  skip,
}) => {
  requireTools(['go', KIN_OPENAPI], skip);
  const folder = await mkdtemp(join(tmpdir(), 'daxplane-go-'));
  try {
    await copyFile(new URL('./kin.go.txt', import.meta.url), join(folder, 'main.go'));
    const env = { ...process.env, GO111MODULE: 'off', GOPATH, GOCACHE: join(folder, 'cache') };
    const documents = ['daxplane-3.0.json', 'daxplane.json'].map((name) => join(REPOSITORY, 'openapi', name));
    const { stdout } = await promisify(execFile)('go', ['run', 'main.go', ...documents], {
      cwd: folder,
      env,
    });
    const { operations, nullable, refused } = JSON.parse(stdout) as Report;
    expect(operations).toBe(operationsOf(DOCUMENT).length);
    expect(nullable).toBeGreaterThan(200);
    expect(refused.sort()).toEqual(REFUSED);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});
