/** The parts of PM2's own socket library that we use; the package has no types for them. */
declare module 'pm2/modules/pm2-axon/index.js' {
  import type { EventEmitter } from 'node:events'
  import type { Socket } from 'node:net'
  export interface AxonSocket extends EventEmitter {
    set(name: 'retry timeout', milliseconds: number): void
    /** Makes what takes each message of a connection apart. */
    onmessage(connection: Socket): (message: Buffer) => void
    connect(path: string): void
    close(): void
  }
  export interface SubSocket extends AxonSocket { subscribe(topic: string): void }
  const axon: { socket(type: 'req'): AxonSocket; socket(type: 'sub'): SubSocket }
  export default axon
}
declare module 'pm2/modules/pm2-axon-rpc/index.js' {
  import type { AxonSocket } from 'pm2/modules/pm2-axon/index.js'
  const rpc: {
    Client: new (socket: AxonSocket) => {
      call(method: string, argument: unknown, done: (error: Error | null, reply: unknown) => void): void
    }
  }
  export default rpc
}
