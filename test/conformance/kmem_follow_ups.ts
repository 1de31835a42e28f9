import { bindStep } from './acts.ts';
import { actualCommand, expectedCommand, expectedEvent, refusalWords, text } from './answer.ts';
import type { Answer, FollowUp } from './recording.ts';
import { offlineAll } from './kmem_blocks.ts';
import { daxctlStep } from './listings.ts';
import { removeToRest } from './rest.ts';
import { hostPath } from './step.ts';
import type { Check, Reply, Step } from './step.ts';
import type { RecordingView } from './view.ts';

type Result = NonNullable<FollowUp['result']> & { readonly blocked_after_seconds?: number };
type DataStep = (answer: Answer, name: string) => Step;

/** What was tried with the device after kmem was unbound: listing, binding, modes, its parent, its namespace. */
export function kmemFollowUps(view: RecordingView, dataStep: DataStep): Step[] {
  return (view.observed.follow_ups ?? []).flatMap(({ do: said = '', result }) =>
    result === undefined ? [] : [followUp(view, said, result, dataStep)],
  );
}

function followUp(view: RecordingView, said: string, result: Result, dataStep: DataStep): Step {
  if (said.startsWith("owner's data")) return dataStep(result, said);
  if (said.startsWith('daxctl list')) return daxctlStep(said, result, { placed: true });
  const driver = /drivers\/(\w+)\/bind/.exec(result.do ?? '')?.[1];
  if (driver !== undefined) return bindStep(view, said, expectedEvent(result as FollowUp), { driver });
  if (/dax_pmem\/unbind/.test(result.do ?? '')) {
    return removeStep(view, said, { via: 'dax_pmem' }, expectedEvent(result as FollowUp));
  }
  if (said.startsWith('ndctl destroy-namespace')) {
    return removeStep(view, said, { via: 'ndctl_destroy_namespace' }, expectedCommand(result));
  }
  const mode = /-m (\w+)/.exec(result.cmd ?? '')?.[1] ?? 'devdax';
  return modeStep(view, said, mode, result);
}

/** A removal that the API refuses because one is under way is a writer that sleeps behind it. */
function removeStep(view: RecordingView, name: string, how: object, expected: string): Step {
  return {
    label: name,
    request: (world) => {
      const body = { trigger: 'unbind', ...how };
      const path = hostPath(world, `/dax-devices/${view.device}/remove`);
      return removeToRest(world, path, body);
    },
    checks: [
      {
        name,
        class: 'core',
        expected,
        actual: (reply) => {
          if (reply.body.code === 'removal_in_progress') return 'blocked';
          return reply.status < 300 ? 'ok' : refusalWords(reply);
        },
      },
    ],
  };
}

/** The tool gives the device another mode: what is bound goes first. Its errno is its own: compared is the no. */
function modeStep(view: RecordingView, name: string, mode: string, result: Result): Step {
  const expected = expectedCommand(result);
  const told: Check = {
    name,
    class: 'core',
    expected: /^(?:ok|blocked)$/.test(expected) ? expected : 'refused',
    actual: (reply) => (reply.status === 409 ? 'refused' : actualCommand(reply)),
  };
  const errno: Check = {
    name: `${name}, errno`,
    class: 'core',
    expected: 256 - (result.rc ?? 0) === 16 ? 'EBUSY' : 'ENODEV',
    actual: (reply: Reply) => text(reply.body.errno),
  };
  const refused = told.expected === 'refused';
  // Then the tool takes memory offline that the kernel has brought online.
  const isForced = / -f /.test(`${result.cmd ?? ''} `);
  return {
    label: name,
    request: async (world) => {
      const device = hostPath(world, `/dax-devices/${view.device}`);
      const { body } = await world.call('GET', device);
      if (body.state === 'bound') {
        const offline = isForced ? await offlineAll(view, world) : null;
        if (offline !== null && offline.status >= 300) return offline;
        await removeToRest(world, `${device}/remove`, { trigger: 'unbind' });
      }
      return world.call('POST', `${device}/bind`, { mode });
    },
    checks: refused && mode === 'devdax' ? [told, errno] : [told],
  };
}
