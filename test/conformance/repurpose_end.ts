import { access, logged } from './acts.ts';
import { aliveWords, refusalWords } from './answer.ts';
import type { Oops } from './recording.ts';
import { ownRead, PAGE, TENANT, tenantSteps, THIRD } from './repurpose_processes.ts';
import type { OldOwnerEnds, RepurposeView } from './repurpose_recording.ts';
import { oopsStep } from './state.ts';
import { hostPath, idOf } from './step.ts';
import type { Check, Step } from './step.ts';

/** The old owner is killed; then whether the kernel, the next tenant and a third one come through it. */
export function endSteps(view: RepurposeView, ends: OldOwnerEnds): Step[] {
  const { third_tenant_fill, new_tenant_shows_third_tenants_data: after } = ends;
  const [oops] = ends.kernel_oopses;
  const died = after?.dead !== undefined;
  return [
    ...ends.processes.map(({ process, end }) => endStep(process, end !== null, oops)),
    oopsStep('kernel oops when the old owner ends', oops !== undefined),
    logStep(ends.kernel_log ?? {}),
    ...(ends.new_tenant_pages_intact === undefined ? [] : [ownRead(TENANT, 'next tenant, old owner gone')]),
    ...(third_tenant_fill === undefined
      ? []
      : tenantSteps(view, THIRD, (third_tenant_fill.pages_ok ?? 0) * PAGE)),
    ...(after === undefined ? [] : [died ? unknownRead() : ownRead(TENANT, 'next tenant beside a third')]),
    ...(ends.third_tenant_pages_intact === undefined ? [] : [ownRead(THIRD, 'third tenant reads its own')]),
    ...(ends.new_tenant_alive === undefined || died ? [] : [aliveStep(ends.new_tenant_alive)]),
  ];
}

function endStep(process: string, gone: boolean, oops: Oops | undefined): Step {
  const checks: Check[] = [
    {
      name: `SIGKILL ${process}`,
      class: 'core',
      expected: gone ? 'dead' : 'alive',
      actual: (_reply, world) => aliveWords(world, process),
    },
  ];
  if (!gone && oops !== undefined) {
    checks.push({
      name: `SIGKILL ${process} oops at`,
      class: 'detail',
      expected: oops.at,
      actual: ({ body }) => ((body.kernel_oopses ?? []) as { at?: string }[])[0]?.at ?? 'none',
    });
  }
  return {
    label: `SIGKILL ${process}`,
    request: async (world) =>
      logged(
        world,
        await world.call('DELETE', hostPath(world, `/processes/${idOf(world, `pid:${process}`)}`)),
      ),
    checks,
  };
}

function logStep(lines: Readonly<Record<string, number>>): Step {
  const told = ['BUG: Bad page map', 'BUG: Bad page state'];
  return {
    label: 'kernel log',
    request: null,
    checks: told.map((line) => ({
      name: `log: ${line}`,
      class: 'detail',
      expected: Object.keys(lines).some((own) => own.startsWith(line)) ? 'logged' : 'not logged',
      actual: (_reply, world) => (world.log.some((own) => own.startsWith(line)) ? 'logged' : 'not logged'),
    })),
  };
}

/** The recorded tenant was killed over pages whose counts are wrong: the rule says to refuse from there on. */
function unknownRead(): Step {
  return {
    label: 'next tenant beside a third',
    request: (world) => access(world, TENANT, { kind: 'read', offset: 0, length: 24 }),
    checks: [
      {
        name: 'next tenant beside a third, counts wrong',
        class: 'core',
        expected: 'refused',
        actual: (reply) => (reply.body.code === 'outcome_unknown' ? 'refused' : refusalWords(reply)),
      },
    ],
  };
}

function aliveStep(alive: boolean): Step {
  return {
    label: 'next tenant',
    request: null,
    checks: [
      {
        name: 'next tenant alive',
        class: 'core',
        expected: alive ? 'alive' : 'dead',
        actual: (_reply, world) => aliveWords(world, TENANT),
      },
    ],
  };
}
