import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import semver from 'semver';
import { expect, test } from 'vitest';
import { REPOSITORY } from '../client/child_service.ts';

interface Locked {
  readonly dev?: boolean;
  readonly optional?: boolean;
  readonly engines?: { readonly node?: string };
}

const lock = JSON.parse(await readFile(join(REPOSITORY, 'package-lock.json'), 'utf8')) as {
  readonly packages: Readonly<Record<string, Locked>>;
};

test.each(['20.20.2', '22.23.3', '24.21.0'])('no package warns on Node %s', (version) => {
  // npm leaves an optional package out where its engines exclude the Node, without a word.
  const warned = Object.entries(lock.packages)
    .filter(([, { optional }]) => optional !== true)
    .filter(([, { engines }]) => engines?.node !== undefined && !semver.satisfies(version, engines.node))
    .map(([path, { engines }]) => `${path}: ${String(engines?.node)}`);
  expect(warned).toEqual([]);
});
