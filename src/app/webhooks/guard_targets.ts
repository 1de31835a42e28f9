import { refuse } from '../../engine/model/refusal.ts';
import type { ServiceCommand } from '../../service/command.ts';
import type { ServiceStore } from '../../store/port.ts';
import { refusesUrl, type Targets } from './targets.ts';

/** The service's records, of which no webhook goes where none may be sent to, as far as its URL tells. */
export function guardTargets(service: ServiceStore, targets: Targets): ServiceStore {
  return {
    ...service,
    submit: async (submission) => {
      const url = urlIn(submission.command);
      const why = url === undefined ? null : refusesUrl(targets, url);
      if (why === null) return service.submit(submission);
      return { status: 'refused', refusal: refuse('invalid_field', why, { pointer: '/url' }) };
    },
  };
}

function urlIn(command: ServiceCommand): string | undefined {
  return command.type === 'create_webhook' || command.type === 'patch_webhook'
    ? command.fields.url
    : undefined;
}
