/** The facts that checks judge, and how each is found out: within a time limit, or not at all. */
import { setTimeout as delay } from 'node:timers/promises'
import type { InfrastructureStatus } from '../../shared/infrastructure'
import type { InstanceConfig } from '../../shared/instance'
import type { OutdatedPm2 } from '../../shared/outdated-pm2'
import type { OperationState } from '../../shared/operation'
import { toProblem, type Problem } from '../../shared/problem'
import type { DiskSpace } from '../../shared/space'
import type { NodeChoice } from '../../shared/workspace'
import type { DatabaseRights } from '../infrastructure/rights'
import type { ProcessInfo } from '../processes/client'

/** `unknown`: why it couldn't be found out, as a sentence. */
export type Fact<T> = { readonly value: T } | { readonly unknown: string }

/** Milliseconds for a fact: a login waits 4 s for its server, and a busy machine is slow. */
const limit = 10_000

/** Never throws. The signal given to the work is aborted when it takes too long. */
export async function learn<T>(work: (signal: AbortSignal) => Promise<T>, signal: AbortSignal): Promise<Fact<T>> {
  const late = new AbortController()
  const both = AbortSignal.any([signal, late.signal])
  const ended = new AbortController()
  try {
    const value = await Promise.race([
      work(both),
      delay(limit, undefined, { signal: ended.signal, ref: false }).then(() => {
        late.abort()
        throw new Error('late')
      }),
    ])
    return { value }
  } catch (error) {
    if (late.signal.aborted) return { unknown: `It took longer than ${limit / 1000} s.` }
    const { code, message, cause } = toProblem(error)
    if (code === 'unexpected' && error instanceof Error) return { unknown: error.message }
    return { unknown: cause === undefined ? message : `${message} ${cause}` }
  } finally {
    ended.abort()
  }
}

export interface FileMode {
  readonly name: string
  /** The permissions, e.g. 0o644. */
  readonly mode: number
  /** The highest permissions that it may have. */
  readonly allowed: number
  /** It belongs to our own user, so we can change it. */
  readonly ours: boolean
}

/** What the instances share. */
export interface SharedFacts {
  /** Every process in PM2's list. */
  readonly listed: Fact<readonly ProcessInfo[]>
  /** Set if PM2's daemon isn't the installed version's. */
  readonly outdatedPm2: Fact<OutdatedPm2 | undefined>
  readonly node: NodeChoice
  readonly infrastructure: Fact<InfrastructureStatus>
  readonly disk: Fact<DiskSpace>
  /** The workspace's own folder and its secrets. */
  readonly files: Fact<readonly FileMode[]>
}

/** How an attempt to log in ended. `code`: PostgreSQL's SQLSTATE. */
export type Login = 'in' | { readonly refused: string; readonly code?: string | undefined }

/** An instance's process. */
export interface ProcessFacts {
  readonly own?: ProcessInfo | undefined
  /** The working folder of another process with its name. */
  readonly namesake?: string | undefined
  /** The pid of its process that PM2 has lost. */
  readonly lost?: number | undefined
}

export interface InstanceFacts {
  readonly config: InstanceConfig
  /** An operation that isn't finished; one that gives way to any other doesn't count. */
  readonly operation?: OperationState | undefined
  /** It should be running. */
  readonly wanted: boolean
  readonly bootSeconds: number
  /** Now, in milliseconds since 1970. */
  readonly now: number
  readonly process: Fact<ProcessFacts>
  /** While it isn't running: who holds its port, other instances that share it left out. */
  readonly holders: Fact<readonly string[]>
  /** While PM2 says that it is online: what `look` in instances/health.ts finds wrong, apart from its database. */
  readonly health?: Fact<Problem | undefined>
  readonly direct: Fact<Login>
  /** Absent if it doesn't use PgBouncer. */
  readonly pooled?: Fact<Login>
  /** Whether the login in its `.env` works where config.json's doesn't: somebody changed the password on purpose. */
  readonly envLogin?: boolean | undefined
  readonly rights: Fact<DatabaseRights>
  /** The text of `.env` and of db-config.json; undefined if there is none. They contain secrets. */
  readonly env: Fact<string | undefined>
  readonly databaseConfig: Fact<string | undefined>
  readonly modes: Fact<readonly FileMode[]>
  /** The paths that are missing in its server folder. */
  readonly missing: Fact<readonly string[]>
  readonly client: Fact<boolean>
  /** Its release is the base application as it is now, so a rebuild brings the same code. */
  readonly current: boolean
}
