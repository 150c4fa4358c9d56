/** Where instances and services answer on this machine. */

/** Not `localhost`: browsers try ::1 first, where nothing of ours listens. */
export const loopback = '127.0.0.1'

/** Host and port of an instance or a service, e.g. `127.0.0.1:5001`. */
export const addressOf = ({ port }: { readonly port: number }): string => `${loopback}:${port}`

/** An instance's URL for a browser on this machine. */
export const urlOf = (instance: { readonly port: number }): string => `http://${addressOf(instance)}`
