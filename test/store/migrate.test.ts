import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { CXL_REGION_TYPES } from '../../src/engine/model/region_type.ts';
import * as vocabulary from '../../src/engine/model/vocabulary.ts';
import { Sqlite } from '../../src/store/driver.ts';
import { MIGRATIONS, migrate } from '../../src/store/migrate.ts';

const FILES = readdirSync(MIGRATIONS).filter((file) => /^\d{4}_.*\.sql$/.test(file));
const FIRST = '0001_init.sql';
/** The file of the migration that many after the newest. */
const later = (steps: number) => `${String(FILES.length + steps).padStart(4, '0')}_more.sql`;
const HEADER =
  '-- The whole schema after every migration. Generated: npx vitest run -u test/store/migrate.test.ts\n';

describe('migrations', () => {
  let directory: string;
  let copies: URL;
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'daxplane-migrate-'));
    cpSync(MIGRATIONS, directory, { recursive: true });
    copies = pathToFileURL(`${directory}/`);
  });
  afterEach(() => rmSync(directory, { recursive: true }));

  test('schema.sql is what the migrations make', async () => {
    const db = new Sqlite(':memory:');
    migrate(db);
    const statements = db
      .prepare<[], string>(
        `SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL AND name NOT LIKE 'sqlite_%' ORDER BY tbl_name, type DESC, name`,
      )
      .pluck()
      .all();
    const schema = `${HEADER}\n${statements.map((sql) => `${sql};\n`).join('\n')}`;
    await expect(schema).toMatchFileSnapshot('../../migrations/schema.sql');
  });

  test('every table is STRICT and has a comment above it', () => {
    const sql = FILES.map((file) => readFileSync(new URL(file, MIGRATIONS), 'utf8')).join('\n');
    const lines = sql.split('\n');
    const tables = lines.flatMap((line, position) => (line.startsWith('CREATE TABLE') ? [position] : []));
    for (const position of tables) expect(lines[position - 1]).toMatch(/^-- /);
    expect(sql.match(/^\) STRICT\b/gm)).toHaveLength(tables.length);
  });

  test.each([
    ['dax_devices', 'mode', vocabulary.DEVICE_MODES],
    ['dax_devices', 'state', vocabulary.DEVICE_STATES],
    ['dax_devices', 'driver', vocabulary.DRIVERS],
    ['dax_devices', 'holders', vocabulary.HOLDERS_TOLD],
    ['hosts', 'health', vocabulary.HOST_HEALTH],
    ['mounts', 'fs_type', vocabulary.FS_TYPES],
    ['mounts', 'fs_state', vocabulary.FS_STATES],
    ['processes', 'state', vocabulary.PROCESS_STATES],
    ['pins', 'kind', vocabulary.PIN_KINDS],
    ['pins', 'holder', vocabulary.PIN_HOLDERS],
    ['removals', 'trigger', vocabulary.REMOVE_TRIGGERS],
    ['removals', 'state', vocabulary.REMOVAL_STATES],
    ['removals', 'verdict', vocabulary.VERDICTS],
    ['hotplug_events', 'action', vocabulary.HOTPLUG_ACTIONS],
    ['cxl_memdevs', 'state', vocabulary.CXL_MEMDEV_STATES],
    ['cxl_regions', 'type', CXL_REGION_TYPES],
    ['cxl_regions', 'decode_state', vocabulary.CXL_DECODE_STATES],
  ] as const)('the CHECK of %s.%s is the vocabulary of the engine', (table, column, words) => {
    const db = new Sqlite(':memory:');
    migrate(db);
    const sql =
      db.prepare<[string], string>('SELECT sql FROM sqlite_schema WHERE name = ?').pluck().get(table) ?? '';
    const listed = new RegExp(`CHECK \\("?${column}"? IN \\(([^)]*)\\)\\)`).exec(sql)?.[1] ?? '';
    expect(listed.split(', ')).toEqual(words.map((word) => `'${word}'`));
  });

  test('running them again changes nothing, a later one runs alone', () => {
    const db = new Sqlite(':memory:');
    expect([migrate(db, copies), migrate(db, copies)]).toEqual([FILES.length, FILES.length]);
    writeFileSync(new URL(later(1), copies), 'CREATE TABLE more (a INTEGER NOT NULL) STRICT;');
    expect(migrate(db, copies)).toBe(FILES.length + 1);
    expect(db.prepare('SELECT * FROM more').all()).toEqual([]);
  });

  test('one that fails leaves the database as it was', () => {
    const db = new Sqlite(':memory:');
    migrate(db, copies);
    writeFileSync(new URL(later(1), copies), 'CREATE TABLE more (a INTEGER) STRICT; SELECT nonsense;');
    expect(() => migrate(db, copies)).toThrow('nonsense');
    expect(db.prepare(`SELECT 1 FROM sqlite_schema WHERE name = 'more'`).get()).toBeUndefined();
  });

  test('a database newer than the program is refused', () => {
    const db = new Sqlite(':memory:');
    writeFileSync(new URL(later(1), copies), 'CREATE TABLE more (a INTEGER NOT NULL) STRICT;');
    migrate(db, copies);
    expect(() => migrate(db)).toThrow('newer than this program');
  });

  test('a migration that was changed after it was applied is refused', () => {
    const db = new Sqlite(':memory:');
    migrate(db);
    writeFileSync(new URL(FIRST, copies), '-- changed');
    expect(() => migrate(db, copies)).toThrow('has changed');
  });

  test('a gap in the numbers is refused', () => {
    writeFileSync(new URL(later(2), copies), '');
    expect(() => migrate(new Sqlite(':memory:'), copies)).toThrow(`not number ${String(FILES.length + 1)}`);
  });
});
