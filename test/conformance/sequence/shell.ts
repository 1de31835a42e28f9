import { mount, umount, umountLazy, verbOf } from './mounts.ts';
import { unlink } from './files.ts';
import type { StepAnswer } from './recording.ts';
import { headed, remounted, sync } from './shell_files.ts';
import { offlined, stateRead, stateWritten } from './shell_memory.ts';
import { converted } from './devices.ts';
import { bindByEcho, disabling, enabling, onlineMemory, reconfigure, unbindByEcho } from './shell_tools.ts';
import { core, NO_REQUEST } from './stage.ts';
import type { Act, Stage, Told } from './stage.ts';
import { commandWords } from './words.ts';
import { wordAt } from './args.ts';

type Command = (answer: StepAnswer, found: readonly string[], stage: Stage) => Promise<readonly Told[]>;

/** A verb of the mount at a path, without options. */
function verb(name: string): Command {
  return (answer, [path = ''], stage) => verbOf(answer, path, name, {}, stage);
}

/** What a command of a shell is in the API, by the words it has; the act is given what its brackets hold. */
const COMMANDS: readonly (readonly [RegExp, Command])[] = [
  [/^(?:xfs_io -x -c freeze|fsfreeze (?:-f|--freeze)) (\S+)$/, verb('freeze')],
  [/^(?:xfs_io -x -c thaw|fsfreeze (?:-u|--unfreeze)) (\S+)$/, verb('thaw')],
  [/^mount -o remount,(\S+) (\S+)$/, remounted],
  [
    /^mount -o dax=(\w+) \S+ (\S+)$/,
    (answer, [dax = '', path = ''], stage) => mount(answer, [path, dax], stage),
  ],
  [/^umount -l (\S+)$/, umountLazy],
  [/^umount (\S+)$/, umount],
  [/^rm (?:-f )?(\S+)$/, unlink],
  [/^sync$/, sync],
  [/^head -c (\d+) (\S+)$/, headed],
  [/^daxctl offline-memory /, offlined],
  [/^cat \S+\/state$/, stateRead],
  [/^echo (\w+) > \S+\/state$/, stateWritten],
  [/^echo \S+ > \S+\/drivers\/(\w+)\/bind$/, bindByEcho],
  [/^echo \S+ > \S+\/drivers\/(\w+)\/unbind$/, unbindByEcho],
  [/^daxctl disable-device /, disabling('daxctl_disable_device')],
  [/^daxctl enable-device /, enabling('daxctl_enable_device')],
  [/^daxctl reconfigure-device -m (\S+) (-f )?/, reconfigure],
  [/^daxctl online-memory /, onlineMemory],
  [/^ndctl disable-namespace /, disabling('ndctl_disable_namespace')],
  [/^ndctl destroy-namespace /, disabling('ndctl_destroy_namespace')],
  [/^ndctl enable-namespace /, enabling('ndctl_enable_namespace')],
  [/^ndctl create-namespace (?:\S+ )*-m (\S+)/, converted],
];

/** One command, whatever directories are made before it: in the API each path is there. */
export const sh: Act = (answer, args, stage) => {
  const parts = wordAt(args, 0)
    .split(/\s*(?:;|&&)\s*/)
    .filter((part) => !part.startsWith('mkdir '));
  for (const [pattern, act] of COMMANDS) {
    const found = pattern.exec(parts.join('; '));
    if (found !== null) return act(answer, found.slice(1), stage);
  }
  return Promise.resolve([core(commandWords(answer), NO_REQUEST)]);
};
