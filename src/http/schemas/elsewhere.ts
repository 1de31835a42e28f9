import * as z from 'zod';

/** Members that a body does not take because another request changes them: which, by name. */
export const elsewhere = z.registry<Readonly<Record<string, string>>>();
