/** A command's standard output or error. If the reader is gone (| head), further output is dropped without an error. */
import { isColoured, painter, type Paint } from './style'

export class Output {
  readonly coloured: boolean
  readonly paint: Paint
  readonly #gone = new AbortController()

  /** @param worded applied to everything that is written */
  constructor(
    readonly stream: NodeJS.WriteStream,
    readonly worded: (text: string) => string = text => text,
  ) {
    this.coloured = isColoured(stream)
    this.paint = painter(this.coloured)
    stream.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code !== 'EPIPE') throw error
      this.#gone.abort()
    })
  }

  /** Aborted when the reader is gone. */
  get gone(): AbortSignal {
    return this.#gone.signal
  }

  get terminal(): boolean {
    return this.stream.isTTY
  }

  write(text: string): void {
    if (!this.#gone.signal.aborted) this.stream.write(this.worded(text))
  }

  line(text = ''): void {
    this.write(`${text}\n`)
  }

  lines(texts: readonly string[]): void {
    if (texts.length) this.write(`${texts.join('\n')}\n`)
  }
}
