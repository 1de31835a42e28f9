import { describe, expect, test } from 'vitest';
import { foresee } from '../../src/engine/foresee.ts';
import { isRefusal } from '../../src/engine/model/refusal.ts';
import type { Hazard, RemovalRecord } from '../../src/engine/model/removal.ts';
import { PROFILES } from '../../src/engine/kernels/profiles.ts';
import type { CreateHost } from '../../src/engine/model/host_command.ts';
import { inAnyCase } from './imagine.ts';
import {
  addDevice,
  addFile,
  addMapper,
  addMount,
  addPin,
  DEVICE,
  emptyMachine,
  PIPE,
  steadyContext,
  UMEM,
  type Machine,
} from './support.ts';

/** Of this vendor's kernel the version says nothing: it may be any of those that were recorded. */
const ANY = '5.14.0-427.13.1.el9_4.x86_64';
const UNBIND = { type: 'remove_dax_device', dax_device: DEVICE, trigger: 'unbind' } as const;

const SETUPS: Readonly<Record<string, (made: Machine) => void>> = {
  'an idle fsdax device': (made) => addDevice(made, {}),
  'an idle devdax device': (made) => addDevice(made, { mode: 'devdax' }),
  'a raw device': (made) => addDevice(made, { mode: 'raw' }),
  'an ext4 that nobody uses': (made) => {
    addDevice(made, {});
    addMount(made, { fs_type: 'ext4' });
  },
  'an ext4 that is mapped': (made) => mapped(made, { fs_type: 'ext4' }),
  'an xfs that is mapped': (made) => mapped(made, { fs_type: 'xfs' }),
  'an xfs with rmapbt that is mapped': (made) => mapped(made, { fs_type: 'xfs', rmapbt: true, agcount: 1 }),
  'a devdax device that is mapped': (made) => {
    addDevice(made, { mode: 'devdax' });
    addMapper(made, { dax_device: DEVICE, touched: 'write' });
  },
  'a devdax device that a pipe pins': (made) => pinned(made, PIPE),
  'a devdax device that AF_XDP pins': (made) => pinned(made, UMEM),
};

function mapped(made: Machine, fs: Parameters<typeof addMount>[1]): void {
  addDevice(made, {});
  addMapper(made, { file: addFile(made, addMount(made, fs).id, '/a'), touched: 'write' });
}

function pinned(made: Machine, how: typeof PIPE): void {
  addDevice(made, { mode: 'devdax' });
  addPin(made, addMapper(made, { dax_device: DEVICE, touched: 'write' }), how);
}

/** What is told of an end. */
interface End {
  readonly state: string;
  readonly verdict: string | null;
  readonly hazards: readonly Hazard[];
  /** Absent where there are several. */
  readonly removal?: RemovalRecord;
}

/** How the removal ends: by a dry run, which is refused where it ends in several ways, else by what is told of all. */
function foreseen(kernel: Pick<CreateHost, 'kernel' | 'kernel_release'>, set: (made: Machine) => void): End {
  const made = emptyMachine('v6.12');
  made.run({ type: 'create_host', name: 'h', ...kernel });
  set(made);
  const dry = foresee(made.host, UNBIND, steadyContext());
  if (!isRefusal(dry)) return { ...dry.answer, removal: dry.answer };
  expect(dry).toMatchObject({ code: 'undetermined' });
  return inAnyCase(made, ANY);
}

const RELEASED = Object.values(PROFILES).filter(({ released }) => released);

describe.each(Object.entries(SETUPS))('%s', (_name, set) => {
  const any = foreseen({ kernel_release: ANY }, set);

  test.each(RELEASED.map(({ name }) => name))('[UNK3] what is told of any kernel is so on %s', (kernel) => {
    const one = foreseen({ kernel }, set);
    expect([one.state, 'undetermined']).toContain(any.state);
    expect([one.verdict, 'undetermined']).toContain(any.verdict);
    for (const { kind, pid, pin, triggered_by } of any.hazards) {
      const same = one.hazards.find((other) => other.kind === kind && other.pid === pid && other.pin === pin);
      expect(same?.triggered_by).toEqual(expect.arrayContaining([...triggered_by]));
    }
    if (any.removal === undefined) return;
    expect(any.removal.report.pages).toEqual(one.removal?.report.pages);
    const names = one.removal?.steps.map((step) => step.name);
    expect(names).toEqual(expect.arrayContaining(any.removal.steps.map((step) => step.name)));
  });
});
