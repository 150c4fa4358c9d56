/** The parts of AMP, the framing of PM2's messages, that we use: the packages have no types. */
declare module 'amp' {
  import type { Writable } from 'node:stream'
  /** Emits `data` with each whole message. */
  export class Stream extends Writable {}
  /** The parts of a message as they came. @throws if it is none */
  export function decode(message: Buffer): Buffer[]
}
declare module 'amp-message' {
  export default class Message {
    /** @param content the parts of a message to send, or a message that was received. @throws if that can't be read */
    constructor(content: readonly unknown[] | Buffer)
    readonly args: readonly unknown[]
    toBuffer(): Buffer
  }
}
