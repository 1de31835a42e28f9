import { describe, expect, test } from 'vitest';
import { addUse, addUsesBefore, dropUse, idsBy, noUses } from '../../src/engine/model/uses.ts';

const USE = ['mappings/pid', 7] as const;
const found = (uses: ReturnType<typeof noUses>): string[] => [...idsBy(uses, ...USE)];

describe('what records are found by', () => {
  test('has ids in the order in which they came, each once', () => {
    const uses = noUses();
    for (const id of ['v1', 'v1', 'v2', 'v1', 'v3']) addUse(uses, ...USE, id);
    expect(found(uses)).toEqual(['v1', 'v2', 'v3']);
  });

  test('forgets one after the other, and then all of it', () => {
    const uses = noUses();
    for (const id of ['v1', 'v2', 'v3']) addUse(uses, ...USE, id);
    for (const id of ['v2', 'v1', 'v9']) dropUse(uses, ...USE, id);
    expect(found(uses)).toEqual(['v3']);
    dropUse(uses, ...USE, 'v3');
    expect(uses).toEqual(noUses());
  });

  test('has what was created before in front, whatever it knows of it', () => {
    const uses = noUses();
    addUsesBefore(uses, ...USE, []);
    for (const id of ['v2', 'v3']) addUse(uses, ...USE, id);
    addUsesBefore(uses, ...USE, ['v1', 'v2']);
    expect(found(uses)).toEqual(['v1', 'v2', 'v3']);
  });

  test('knows nothing of a field or a value that nobody came to', () => {
    const uses = noUses();
    dropUse(uses, ...USE, 'v1');
    addUse(uses, ...USE, 'v1');
    dropUse(uses, 'mappings/pid', 8, 'v1');
    expect([found(uses), [...idsBy(uses, 'pins/pid', 7)]]).toEqual([['v1'], []]);
  });
});
