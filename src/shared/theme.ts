/** Light or dark, or as the desktop is. */
export const themes = ['system', 'light', 'dark'] as const
export type Theme = (typeof themes)[number]
