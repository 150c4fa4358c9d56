/** The parts that we use of AMP, the framing of PM2's messages; the packages have no types. */
declare module 'amp' {
  import type { Writable } from 'node:stream'
  /** Emits `data` with each whole message. */
  export class Stream extends Writable {}
}
declare module 'amp-message' {
  export default class Message {
    /** @param content the parts of a message to write, or one that came. @throws if that can't be read */
    constructor(content: readonly unknown[] | Buffer)
    readonly args: readonly unknown[]
    toBuffer(): Buffer
  }
}
