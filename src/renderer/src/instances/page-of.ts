/** The address of an instance's page. */
export const pageOf = (name: string): string => `/instances/${name}`
