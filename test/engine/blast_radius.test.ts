import { expect, test } from 'vitest';
import { assess } from './imagine.ts';
import { fill, ram, unbind } from './ram.ts';
import { fork, found, MIB } from './support.ts';

test('[BLAST1] pages of system RAM count once each, whoever shares them; the zero page is none of them', () => {
  const own = ram('v6.12');
  const { pid } = fill(own);
  fork(own.made, pid);
  fill(own, { touched: 'read' });
  expect(found(assess(own.made)[0]).blast_radius).toMatchObject({ processes: 3, mapped_bytes: 4 * MIB });
  const { report } = unbind(own);
  expect([report.blast_radius?.mapped_bytes, report.pages.mapped]).toEqual([4 * MIB, 1024]);
});
