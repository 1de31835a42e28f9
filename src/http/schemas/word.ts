import * as z from 'zod';
import {
  ERRNOS,
  HAZARD_KINDS,
  KMEM_STATES,
  REMOVE_TRIGGERS,
  REMOVE_VIAS,
} from '../../engine/model/vocabulary.ts';
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
