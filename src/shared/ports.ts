/** What occupies a port. */

/** What occupies a port. `own`: Instance Manager needs it, whether or not anything is listening there now. */
export type PortHolder =
  | { readonly type: 'own'; readonly title: string }
  | { readonly type: 'instance'; readonly name: string; readonly running: boolean }
  | { readonly type: 'operation'; readonly subject: string }
  | { readonly type: 'process'; readonly program?: string; readonly pid?: number }
/** Whether no instance can have the port. */
export const isOurs = (holders: readonly PortHolder[]): boolean => holders.some(it => it.type === 'own')
export interface PortCheck {
  readonly port: number
  readonly holders: readonly PortHolder[]
}
