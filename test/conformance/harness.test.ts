import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { KERNEL_NAMES } from '../../src/engine/model/vocabulary.ts';
import { hostName } from './play.ts';
import { readRecordings } from './recording.ts';
import { playSequence } from './sequence/play.ts';
import type { Call } from './step.ts';

/** Something of everything that an answer is asked for. */
const ANSWER = {
  ...{ id: 'id', uid: 'uid', pid: 1, name: 'name', address: '0x0', state: 'completed', result: 'ok' },
  ...{ items: [], conditions: [], counters: {}, mode: 'fsdax' },
};

const folder = new URL('./', import.meta.url);
const files = ['', 'sequence/'].flatMap((room) =>
  readdirSync(new URL(`./${room}`, folder))
    .filter((file) => file.endsWith('.ts') && !file.endsWith('.test.ts'))
    .map((file) => `${room}${file}`),
);
const sequences = readRecordings(fileURLToPath(new URL('sequence/recordings', folder)));
const textOf = (file: string): string => readFileSync(new URL(file, folder), 'utf8');

test('no file of the harness decides by the name of a kernel', () => {
  const naming = files.filter((file) => {
    const text = textOf(file);
    return KERNEL_NAMES.some((name) =>
      [`'${name}'`, `"${name}"`, `\`${name}\``].some((q) => text.includes(q)),
    );
  });
  expect(naming).toEqual([]);
});

test('no file of the player of sequences decides by what a recording is called', async () => {
  const asked: string[] = [];
  const call: Call = (method, path, body) => {
    asked.push(`${method} ${path} ${JSON.stringify(body)}`);
    return Promise.resolve({ status: 200, body: ANSWER, headers: {} });
  };
  for (const recorded of sequences.slice(0, 40)) {
    const [one, other] = [[], []] as [string[], string[]];
    for (const [name, requests] of [
      [recorded.name, one],
      ['any', other],
    ] as const) {
      asked.length = 0;
      const { recording } = recorded;
      await playSequence({ ...recorded, name, recording: { ...recording, scenario: name } }, call, []);
      requests.push(...asked.map((line) => line.replaceAll(hostName(name), 'HOST')));
    }
    expect(one).toEqual(other);
    expect(one.length).toBeGreaterThan(0);
  }
});
