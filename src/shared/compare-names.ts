const names = new Intl.Collator('en', { numeric: true, sensitivity: 'base' })

/** The order in which instances are listed: `school-2` before `school-10`, whatever their case. */
export const compareNames = (a: string, b: string): number => names.compare(a, b)
