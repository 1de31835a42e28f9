/** Takes back what was done, once all that came after is taken back. */
export type Undo = () => void;

/** Where there is nothing to take back. */
export const NOTHING: Undo = () => undefined;

/** What takes back what was done, the last first; null where it is done for good. */
export type UndoList = Undo[] | null;
