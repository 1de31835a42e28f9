import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { cruise, type ICruiseResult, type IFlattenedRuleSet } from 'dependency-cruiser';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { REPOSITORY } from '../client/child_service.ts';

const rules = createRequire(import.meta.url)(
  join(REPOSITORY, '.dependency-cruiser.cjs'),
) as IFlattenedRuleSet;

/** What each layer may import of the others. `port` is a file of the store, `threads` are Node's. */
const MAY_IMPORT: Readonly<Record<string, readonly Target[]>> = {
  engine: ['engine'],
  inventory: ['engine', 'inventory'],
  service: ['engine', 'service'],
  store: ['engine', 'service', 'port', 'store'],
  runtime: ['engine', 'service', 'port', 'store', 'runtime', 'threads'],
  app: ['engine', 'inventory', 'service', 'port', 'runtime', 'app'],
  http: ['config', 'engine', 'inventory', 'service', 'app', 'http'],
};
const TARGETS = {
  config: '../config.ts',
  engine: '../engine/model/host.ts',
  inventory: '../inventory/parse.ts',
  service: '../service/command.ts',
  port: '../store/port.ts',
  store: '../store/read.ts',
  runtime: '../runtime/asker.ts',
  app: '../app/feed.ts',
  http: '../http/server.ts',
  main: '../main.ts',
  test: '../../test/rig.ts',
  threads: 'node:worker_threads',
} as const;
type Target = keyof typeof TARGETS;

let tree: string;
beforeEach(() => {
  tree = mkdtempSync(join(tmpdir(), 'daxplane-rules-'));
});
afterEach(() => rmSync(tree, { recursive: true }));

function write(path: string, text: string): void {
  mkdirSync(dirname(join(tree, path)), { recursive: true });
  writeFileSync(join(tree, path), text);
}

test('every import against the direction of the layers is refused, and every other taken', async () => {
  const layers = Object.keys(MAY_IMPORT);
  const pairs = layers.flatMap((from) => (Object.keys(TARGETS) as Target[]).map((to) => [from, to] as const));
  for (const target of Object.values(TARGETS))
    if (target.startsWith('.')) write(join('src/layer', target), 'export type Thing = 1;\n');
  for (const [from, to] of pairs)
    write(
      `src/${from}/imports_${to}.ts`,
      `import type { Thing } from '${TARGETS[to]}';\nexport type Same = Thing;\n`,
    );
  write('tsconfig.json', '{}');

  const { output } = await cruise(['src'], {
    validate: true,
    ruleSet: rules,
    baseDir: tree,
    tsPreCompilationDeps: true,
  });
  const { violations } = (output as ICruiseResult).summary;
  const refused = pairs.filter(([from, to]) =>
    violations.some((violation) => violation.from === `src/${from}/imports_${to}.ts`),
  );
  expect(refused.map(String)).toEqual(
    pairs.filter(([from, to]) => !MAY_IMPORT[from]!.includes(to)).map(String),
  );
});
