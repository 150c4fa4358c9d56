/**
 * The app's own log, `.instance-manager/app.log`: when the workspace was opened, how operations ended, and which
 * problems were reported. Contains no secrets.
 */
import { appendFile, chmod, rename, stat } from 'node:fs/promises'
import { hasBegun, type OperationState } from '../../shared/operation'
import type { Problem } from '../../shared/problem'
import { SerialQueue } from '../system/serial-queue'

/** Bytes. A larger file becomes `app.log.1`, replacing the previous one. */
const limit = 5 << 20

export class AppLog {
  readonly #lines = new SerialQueue()

  constructor(readonly path: string) {}

  /** @param copyOf the workspace that this one was copied from */
  opened(version: string, copyOf: string | undefined): void {
    this.info(`The workspace was opened by Instance Manager ${version}.`)
    if (copyOf !== undefined)
      this.info(`It is a copy of ${copyOf}: instances that belong there are left untouched until they are adopted.`)
  }

  info(text: string): void {
    this.#write('INFO', text)
  }

  /** How an operation ended. */
  operation({ id, kind, subject, phase, turned, openedAt, settledAt, steps }: OperationState): void {
    const seconds = (Date.parse(settledAt ?? openedAt) - Date.parse(openedAt)) / 1000
    const text = `${kind} ${subject}: ${phase} after ${seconds} s, ${steps.filter(hasBegun).length} of ${steps.length} steps (operation ${id})`
    const why = turned?.problem
    if (turned?.reason === 'failed') this.#write('ERROR', `${text}. ${why ? `${why.code}: ${why.message}` : ''}`)
    else this.#write('INFO', text + (turned ? `, ${turned.reason}` : ''))
  }

  problem({ code, message, cause }: Problem): void {
    this.#write('ERROR', `${code}: ${message}${cause ? ` ${cause}` : ''}`)
  }

  /** Resolves when everything is written. */
  settled(): Promise<void> {
    return this.#lines.idle()
  }

  /** A log that can't be written must not stop the work it reports on. */
  #write(level: string, text: string): void {
    const line = `${new Date().toISOString()} ${level} ${text.replaceAll(/\s*\n\s*/g, ' ').slice(0, 4000)}\n`
    void this.#lines
      .run(async () => {
        if (((await stat(this.path).catch(() => undefined))?.size ?? 0) > limit)
          await rename(this.path, `${this.path}.1`)
        await appendFile(this.path, line, { mode: 0o600 })
        await chmod(this.path, 0o600)
      })
      .catch(() => undefined)
  }
}
