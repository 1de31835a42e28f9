import { apply, emptyHost } from '../src/engine/model/apply.ts';
import type { AnswerTo } from '../src/engine/answer.ts';
import type { Command, CommandOf, CommandType } from '../src/engine/model/command.ts';
import { decide } from '../src/engine/decide.ts';
import type { Host } from '../src/engine/model/host.ts';
import { isRefusal } from '../src/engine/model/refusal.ts';
import { createFreshUid } from '../src/runtime/fresh_uid.ts';

/** As the writer makes them. */
const freshUid = createFreshUid();

/** A host as these commands make it. */
export function build(commands: readonly Command[]): Host {
  const host = emptyHost();
  for (const command of commands) run(host, command);
  return host;
}

/** Decides a command and applies it; a refusal is an error of the benchmark. */
export function run<Type extends CommandType>(host: Host, command: CommandOf<Type>): AnswerTo<Type> {
  const decision = decide(host, command, {
    now: '2026-01-01T00:00:00.000Z',
    uid: freshUid,
  });
  if (isRefusal(decision)) throw new Error(decision.detail);
  for (const event of decision.events) apply(host, event);
  return decision.answer;
}

/** Removes pmem0 and runs the removal to its end. */
export function removeWhole(host: Host): void {
  let removal = run(host, { type: 'remove_dax_device', dax_device: 'pmem0', trigger: 'unbind' });
  while (removal.state === 'running') {
    removal = run(host, { type: 'advance_removal', removal: removal.id });
  }
}
