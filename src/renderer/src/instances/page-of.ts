/** The address of an instance's page. */
export const pageOf = (name: string): string => `/instances/${name}`

/** @param location e.g. `/instances/school/logs` */
export const isPageOf = (location: string, name: string): boolean => `${location}/`.startsWith(`${pageOf(name)}/`)
