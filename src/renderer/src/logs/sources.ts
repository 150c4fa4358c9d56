/** Names of log sources, on screen and in addresses. */
import { logSourceSchema, type LogSource } from '../../../shared/log'
import type { OperationState } from '../../../shared/operation'
import { serviceTitle } from '../../../shared/infrastructure'
import { headline } from '../../../shared/jobs/words'

export type LogStream = 'both' | 'out' | 'err'

/** What a pane shows, and where it opens. */
export interface Pane {
  readonly source: LogSource
  readonly errorsOnly?: boolean
  /** Open at this moment (milliseconds since 1970) instead of at the end. */
  readonly at?: number
}

/** e.g. `instance.Lakeside.both`, `service.postgres`, `app`; with `!` for errors only, and `@` and a moment. */
export function paneText({ source, errorsOnly, at }: Pane): string {
  return `${sourceText(source)}${errorsOnly ? '!' : ''}${at === undefined ? '' : `@${at}`}`
}

/** @returns undefined if the text isn't a valid pane */
export function paneOf(text: string): Pane | undefined {
  const [, words, errors, moment] = /^([^!@]+)(!?)(?:@(\d{1,15}))?$/.exec(text) ?? []
  if (words === undefined) return undefined
  const [kind, name, stream] = words.split('.')
  const source = logSourceSchema.safeParse({ kind, ...(kind === 'operation' ? { id: name } : { name, stream }) })
  return source.success
    ? {
        source: source.data,
        errorsOnly: errors === '!' || undefined,
        at: moment === undefined ? undefined : Number(moment),
      }
    : undefined
}

/** Identifies a log, regardless of its stream. */
export function sourceKey(source: LogSource): string {
  switch (source.kind) {
    case 'instance':
      return `instance.${source.name}`
    case 'service':
      return `service.${source.name}`
    case 'operation':
      return `operation.${source.id}`
    case 'app':
      return 'app'
  }
}

const sourceText = (source: LogSource): string =>
  source.kind === 'instance' ? `${sourceKey(source)}.${source.stream}` : sourceKey(source)

/** @param operations used to name an operation by its job */
export function sourceTitle(source: LogSource, operations: readonly OperationState[] = []): string {
  switch (source.kind) {
    case 'instance':
      return source.name
    case 'service':
      return serviceTitle[source.name]
    case 'operation': {
      const operation = operations.find(it => it.id === source.id)
      return operation ? headline(operation) : 'Operation'
    }
    case 'app':
      return 'Instance Manager'
  }
}

/** Several panes as part of an address. */
export const panesText = (panes: readonly Pane[]): string => panes.map(paneText).join('/')
export const panesOf = (text: string): Pane[] =>
  text
    .split('/')
    .map(paneOf)
    .filter(it => it !== undefined)
