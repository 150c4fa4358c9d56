/** Something that opens on top of a screen and has keys of its own. */
const covers = '[role="dialog"], [role="menu"], [role="listbox"]'

/** Whether a dialog is open, in which something may have been typed. */
export const hasDialog = (): boolean => document.querySelector('[role="dialog"]') !== null

/** Whether a key press belongs to a dialog or menu on top of the screen, even if the key has just closed it. */
export const isCovered = ({ target }: KeyboardEvent): boolean =>
  document.querySelector(covers) !== null || (target instanceof Element && target.closest(covers) !== null)
