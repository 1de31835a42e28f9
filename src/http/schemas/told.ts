import * as z from 'zod';
import { HOLDERS_TOLD } from '../../engine/model/vocabulary.ts';
import { Timestamp } from './scalar.ts';

/** Whether anyone has said who uses a device. */
export const HoldersTold = z.enum(HOLDERS_TOLD).meta({
  id: 'HoldersTold',
  description:
    'How its users are known. `told`: a mount, file, mapping or pin was made on the device, or the operator said that its users are as recorded.',
});

/** What the answers that speak of a device's users say of their completeness. */
export const toldOfHolders = {
  holders: HoldersTold,
  told_at: Timestamp.nullable().meta({ description: 'When that was said first, or confirmed last.' }),
};
