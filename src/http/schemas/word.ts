import * as z from 'zod';
import { HAZARD_KINDS } from '../../engine/model/hazard_kind.ts';
import {
  ERRNOS,
  KMEM_STATES,
  REMOVAL_STATES,
  REMOVE_TRIGGERS,
  REMOVE_VIAS,
  VERDICTS,
} from '../../engine/model/vocabulary.ts';
import type * as engine from '../../engine/model/refusal_codes.ts';
import { REFUSAL_CODES } from '../../engine/model/refusal_codes.ts';
import { orFormerRemoval } from './former.ts';

/** Words that several nouns share: each has one name in the document, and in a generated client. */

export const Errno = z.enum(ERRNOS).meta({ id: 'Errno' });
export const HazardKind = z.enum(HAZARD_KINDS).meta({ id: 'HazardKind' });
export const KmemState = z
  .enum(KMEM_STATES)
  .meta({ id: 'KmemState', description: 'What `daxX.Y/state` of v7.3 reads.' });
export const RemoveTrigger = z.enum(REMOVE_TRIGGERS).meta({ id: 'RemoveTrigger' });
/** As it is asked for. */
export const RemoveTriggerInput = orFormerRemoval(RemoveTrigger);
export const RemoveVia = z
  .enum(REMOVE_VIAS)
  .meta({ id: 'RemoveVia', description: 'What is unbound, or the tool that is asked.' });
export const RemovalState = z.enum(REMOVAL_STATES).meta({
  id: 'RemovalState',
  description:
    'Of the task that removes. `waiting`: for what somebody can let go, in `waiting_on`. `stuck`: it never returns, whoever lets go of whatever; a reboot of the host alone ends it. `undetermined`: it rests before a step that depends on a fact which is not known of the kernel; `depends_on` says on which.',
});
export const Verdict = z.enum(VERDICTS).meta({
  id: 'Verdict',
  description:
    'The worst of what is left: contained < leaked < unsafe < exposed; `undetermined` where that depends on a fact which is not known of the kernel.',
});

const CODES = Object.keys(REFUSAL_CODES) as engine.RefusalCode[];
export const RefusalCode = z.enum(CODES).meta({ id: 'RefusalCode', description: 'Why the model refuses.' });
