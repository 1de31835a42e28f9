import { killStep, logged } from './acts.ts';
import { aliveWords } from './answer.ts';
import type { Oops } from './recording.ts';
import { PAGE, scanStep, TENANT, tenantSteps, THIRD } from './repurpose_processes.ts';
import type { OldOwnerEnds, RepurposeView } from './repurpose_recording.ts';
import { oopsStep } from './state.ts';
import { hostPath, idOf } from './step.ts';
import type { Check, Step } from './step.ts';

/** The old owner is killed; then whether the kernel, the next tenant and a third one come through it. */
export function endSteps(view: RepurposeView, ends: OldOwnerEnds): Step[] {
  const { third_tenant_fill, new_tenant_pages_intact, third_tenant_pages_intact, new_tenant_ends } = ends;
  const beside = ends.new_tenant_shows_third_tenants_data;
  const [oops] = ends.kernel_oopses;
  // Whoever dies over pages whose counts are wrong by then: a death that the model does not foretell.
  const late = beside?.dead === undefined ? '' : ', counts wrong';
  const scans = [
    [TENANT, `next tenant beside a third${late}`, beside],
    [THIRD, 'third tenant reads its own', third_tenant_pages_intact],
  ] as const;
  return [
    ...ends.processes.map(({ process, end }) => endStep(process, end !== null, oops)),
    oopsStep('kernel oops when the old owner ends', oops !== undefined),
    logStep(ends.kernel_log ?? {}),
    ...(new_tenant_pages_intact === undefined
      ? []
      : [scanStep(TENANT, 'next tenant, old owner gone', new_tenant_pages_intact)]),
    ...(third_tenant_fill === undefined
      ? []
      : tenantSteps(view, THIRD, (third_tenant_fill.pages_ok ?? 0) * PAGE)),
    ...scans.flatMap(([process, name, scan]) => (scan === undefined ? [] : [scanStep(process, name, scan)])),
    ...(ends.new_tenant_alive === undefined ? [] : [aliveStep(ends.new_tenant_alive, late)]),
    ...(new_tenant_ends === undefined
      ? []
      : [killStep(TENANT, 'SIGKILL of the next tenant', new_tenant_ends.end !== null)]),
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
      expected: Object.keys(lines).some((logged) => logged.startsWith(line)) ? 'logged' : 'not logged',
      actual: (_reply, world) =>
        world.log.some((logged) => logged.startsWith(line)) ? 'logged' : 'not logged',
    })),
  };
}

function aliveStep(alive: boolean, late: string): Step {
  return {
    label: 'next tenant',
    request: null,
    checks: [
      {
        name: `next tenant alive${late}`,
        class: 'core',
        expected: alive ? 'alive' : 'dead',
        actual: (_reply, world) => aliveWords(world, TENANT),
      },
    ],
  };
}
