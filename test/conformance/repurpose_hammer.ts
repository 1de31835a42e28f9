import { access } from './acts.ts';
import { actualAnswer, expectedAnswer, look, signalWords, text } from './answer.ts';
import type { Answer } from './recording.ts';
import { MIB, PAGE } from './repurpose_processes.ts';
import type { Repurposed } from './repurpose_recording.ts';
import { hostPath, idOf } from './step.ts';
import type { Body, Step, World } from './step.ts';

export const HAMMER = 'old-owner-hammering';
/** The page that the third process stores to without pause. */
export const HAMMERED = 16 * MIB;

/** What became of the process that stores without pause, and of one more store of it. */
export function hammerSteps({
  hammering_writer = {},
  hammering_writer_can_still_write: again = {},
}: Repurposed): Step[] {
  const steps: Step[] = [
    {
      label: 'hammering writer',
      request: (world) => world.call('GET', hostPath(world, `/mappings/${idOf(world, `mapping:${HAMMER}`)}`)),
      checks: [
        {
          name: 'hammering writer',
          class: 'core',
          expected: hammerExpected(hammering_writer),
          actual: ({ body }, world) => hammerWords(body, world),
        },
      ],
    },
  ];
  if (typeof again.blocked === 'string') return steps;
  return [...steps, storeStep('hammering writer stores once more', HAMMER, HAMMERED + 128, again)];
}

function hammerExpected({ ok, blocked, fault }: Answer & { readonly fault?: Answer }): string {
  if (ok === true) return 'stores on';
  return blocked === true ? 'blocked' : inPage(fault?.signal, fault?.si_code, fault?.si_addr_offset);
}

/** Where in the page the loop was when the signal came is chance. */
function inPage(signal: unknown, code: unknown, offset: number | null | undefined): string {
  const page = Math.floor((offset ?? 0) / PAGE) * PAGE;
  return signalWords(text(signal), text(code), page, null);
}

async function hammerWords(mapping: Body, world: World): Promise<string> {
  const pid = idOf(world, `pid:${HAMMER}`);
  const process = await look(world, `/processes/${pid}`);
  if (process.state === 'blocked') return 'blocked';
  if (mapping.activity === 'storing') return 'stores on';
  const report = world.records.get('removal')?.report as { signals?: readonly Body[] } | undefined;
  const row = report?.signals?.find((sent) => sent.pid === Number(pid) && sent.delivery === 'on-access');
  const offset = Number(BigInt(text(row?.si_addr ?? '0x0')) - BigInt(text(mapping.address)));
  return row === undefined ? 'no signal' : inPage(row.signal, row.si_code, offset);
}

export function storeStep(name: string, process: string, offset: number, answer: Answer): Step {
  return {
    label: name,
    request: (world) => access(world, process, { kind: 'write', offset, length: 8 }),
    checks: [
      {
        name,
        class: 'core',
        expected: expectedAnswer(answer),
        actual: (reply, world) => actualAnswer(reply, world, process),
      },
    ],
  };
}
