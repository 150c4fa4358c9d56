/** Colours, if the stream is a terminal that supports them and they aren't disabled (NO_COLOR, TERM=dumb). */
import type { WriteStream } from 'node:tty'

const codes = { bold: [1, 22], dim: [2, 22], red: [31, 39], green: [32, 39], yellow: [33, 39], cyan: [36, 39] } as const
export type Style = keyof typeof codes
export type Paint = (style: Style, text: string) => string

/** Whether to colour a stream's output. */
export const isColoured = (stream: Stream, env = process.env): boolean =>
  stream.isTTY && !env['NO_COLOR'] && env['TERM'] !== 'dumb' && stream.hasColors?.() === true
type Stream = Pick<NodeJS.WriteStream, 'isTTY'> & Partial<Pick<WriteStream, 'hasColors'>>

export function painter(coloured: boolean): Paint {
  return (style, text) => (coloured ? `\u001b[${codes[style][0]}m${text}\u001b[${codes[style][1]}m` : text)
}
