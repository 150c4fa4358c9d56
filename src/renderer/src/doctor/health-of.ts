/** The address of an instance's health report. */
export const healthOf = (name: string): string => `/health/${name}`
