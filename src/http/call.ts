import type * as z from 'zod';
import type { PlannedCommand } from '../engine/questions/plan_record.ts';
import type { AdvisedCommand, Advice } from '../engine/questions/record.ts';
import type { Call as CallSchema } from './schemas/call.ts';

export type Call = z.output<typeof CallSchema>;

/** The request that gives a command to a host. */
export function callOf(host: string, command: PlannedCommand | AdvisedCommand): Call {
  const at = `/v1/hosts/${encodeURIComponent(host)}`;
  const deviceAt = (name: string): string => `${at}/dax-devices/${encodeURIComponent(name)}`;
  switch (command.type) {
    case 'exit_process':
      return { method: 'DELETE', path: `${at}/processes/${String(command.pid)}`, body: null };
    case 'umount':
      return { method: 'DELETE', path: `${at}/mounts/${command.mount}`, body: null };
    case 'thaw':
      return { method: 'POST', path: `${at}/mounts/${command.mount}/thaw`, body: {} };
    case 'munmap':
      return { method: 'DELETE', path: `${at}/mappings/${command.mapping}`, body: null };
    case 'close_file':
      return { method: 'DELETE', path: `${at}/open-files/${command.open_file}`, body: null };
    case 'unpin':
      return { method: 'DELETE', path: `${at}/pins/${command.pin}`, body: null };
    case 'patch_memory_block': {
      const { dax_device, block, state } = command;
      return {
        method: 'PATCH',
        path: `${deviceAt(dax_device)}/memory-blocks/${String(block)}`,
        body: { state },
      };
    }
    case 'remove_dax_device': {
      const { dax_device, trigger } = command;
      return { method: 'POST', path: `${deviceAt(dax_device)}/remove`, body: { trigger } };
    }
    case 'bind': {
      const { type: _type, dax_device, ...body } = command;
      return { method: 'POST', path: `${deviceAt(dax_device)}/bind`, body };
    }
    case 'record_hotplug_event': {
      const { type: _type, ...body } = command;
      return { method: 'POST', path: `${at}/hotplug-events`, body };
    }
    case 'patch_host': {
      const { type: _type, ...body } = command;
      return { method: 'PATCH', path: at, body };
    }
    case 'reboot': {
      const { type: _type, ...body } = command;
      return { method: 'POST', path: `${at}/reboot`, body };
    }
  }
}

/** An answer with advice, as it is shown. */
export type Shown<Answer extends { readonly advice: readonly Advice[] }> = Omit<Answer, 'advice'> & {
  readonly advice: (Omit<Advice, 'calls'> & { readonly calls: readonly Call[] | null })[];
};

/** An answer whose advice is for a host, with its commands as requests. */
export function withCalls<Answer extends { readonly advice: readonly Advice[] }>(
  host: string,
  answer: Answer,
): Shown<Answer> {
  const advice = answer.advice.map(({ calls, ...told }) => ({
    ...told,
    calls: calls?.map((command) => callOf(host, command)) ?? null,
  }));
  return { ...answer, advice };
}
