import { hostPath } from '../step.ts';
import type { Body, Reply } from '../step.ts';
import { listAt, numberAt, wordAt } from './args.ts';
import { core, NO_REQUEST } from './stage.ts';
import type { Act, Stage, Told } from './stage.ts';
import { commandWords } from './words.ts';
import { refusalWords } from '../answer.ts';

/** Where the machine of the recordings has its one NVDIMM, and how much an fsdax namespace leaves of it. */
const NVDIMM = { phys_addr: '0x101200000', provider: 'ACPI.NFIT', numa_node: 0, target_node: 1 } as const;
const FSDAX_BYTES = 1054867456;
const ALIGNMENTS: Readonly<Record<string, number>> = { '4k': 4096, '2m': 2097152, '1g': 1073741824 };
const ALIGN = 2097152;

/** What only prepares has to succeed: nothing is told but that it did not. */
function prepared(reply: Reply): readonly Told[] {
  return reply.status < 300 ? [] : [core('ok', refusalWords(reply))];
}

export const early: Act = async (_answer, args, stage) => {
  const sysctl = { memory_failure_early_kill: numberAt(args, 0) };
  return prepared(await stage.call('PATCH', hostPath(stage), { sysctl }));
};

export const fsdax: Act = (answer, _args, stage) => {
  stage.device = 'pmem0';
  return created(stage, { mode: 'fsdax', size: answer.size ?? FSDAX_BYTES, align: ALIGN });
};

export const devdax: Act = (answer, args, stage) => {
  stage.device = 'dax0.0';
  const align = ALIGNMENTS[wordAt(args, 0).toLowerCase()] ?? ALIGN;
  return created(stage, { mode: 'devdax', size: answer.size, align });
};

async function created(stage: Stage, shape: Body): Promise<readonly Told[]> {
  const body = { name: stage.device, ...NVDIMM, ...shape };
  return prepared(await stage.call('POST', hostPath(stage, '/dax-devices'), body));
}

/** The next mount makes it, as the API has it. */
export const mkfs: Act = (answer, args, stage) => {
  const met = commandWords(answer);
  if (met !== 'ok') return Promise.resolve([core(met, NO_REQUEST)]);
  stage.ids.set('fs_type', wordAt(args, 0));
  stage.made = { fs_type: wordAt(args, 0), mkfs: true, ...featuresOf(wordAt(args, 0), wordAt(args, 1)) };
  return Promise.resolve([]);
};

function featuresOf(fs_type: string, options: string): Body {
  if (fs_type !== 'xfs') return {};
  const agcount = /agcount=(\d+)/.exec(options)?.[1];
  return {
    rmapbt: /rmapbt=1/.test(options),
    reflink: /reflink=1/.test(options),
    ...(agcount === undefined ? {} : { agcount: Number(agcount) }),
  };
}

const DISPOSITIONS = { ignore: 'ignored', block: 'blocked', nohandler: 'default' } as const;

export const proc: Act = async (_answer, args, stage) => {
  const name = wordAt(args, 0);
  const options = listAt(args, 1);
  const disposition = (['ignore', 'block', 'nohandler'] as const).find((option) => options.includes(option));
  const sigbus = disposition === undefined ? 'handled' : DISPOSITIONS[disposition];
  const body = { comm: name.slice(0, 15), mce_kill: wordAt(args, 2, 'default'), sigbus };
  const reply = await stage.call('POST', hostPath(stage, '/processes'), body);
  if (reply.status < 300) stage.ids.set(`pid:${name}`, String(reply.body.pid));
  return prepared(reply);
};
