/** Focuses the first field with an error, once the errors are shown. @param form undefined: not on the screen */
export const focusFault = (form: Element | null | undefined): void => {
  requestAnimationFrame(() => form?.querySelector<HTMLElement>('[aria-invalid="true"]')?.focus())
}
