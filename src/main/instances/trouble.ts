/** What is wrong with an instance whose process is running: judged from what was found out about it. */
import { count } from '../../shared/amounts'
import { serviceTitle, type ServiceStatus } from '../../shared/infrastructure'
import type { Problem } from '../../shared/problem'
import type { Trouble } from '../../shared/status'

export interface ConditionFacts {
  /** The service that keeps it from its database. */
  readonly missing?: ServiceStatus | undefined
  /** Why its own login to the database failed. */
  readonly login?: Problem | undefined
  /** How often it has crashed in the last five minutes. */
  readonly crashes: number
  /** Why its answer to a request isn't a healthy application's, or that there was none. */
  readonly answer?: Problem | undefined
}

export interface Diagnosed {
  readonly status: Trouble
  readonly problem: Problem
}

/** Crashes; fewer may be bad luck, e.g. a database that was down. */
const unstableAfter = 3

/** Undefined if it works, as far as is known. */
export function troubleOf(name: string, { missing, login, crashes, answer }: ConditionFacts): Diagnosed | undefined {
  if (missing)
    return {
      status: 'no database',
      problem: {
        code: 'infrastructure-stopped',
        message: `“${name}” has no database.`,
        cause: `${serviceTitle[missing.name]} isn’t running.`,
        action: 'start-infrastructure',
      },
    }
  if (login)
    return {
      status: 'no database',
      problem: {
        code: login.code,
        message: `“${name}” can’t log in to its database.`,
        cause: login.cause,
        hint: 'Check its health to see what’s wrong.',
      },
    }
  if (crashes >= unstableAfter)
    return {
      status: 'unstable',
      problem: {
        code: 'unstable',
        message: `“${name}” keeps crashing.`,
        cause: `PM2 has restarted it ${count(crashes, 'time')} in the last five minutes.`,
        hint: 'Its error log says why.',
      },
    }
  if (answer)
    return {
      status: 'not answering',
      problem: {
        code: answer.code,
        message: answer.message,
        cause: answer.cause,
        hint: answer.code === 'port-held-by-other' ? answer.hint : 'Its error log may say why. A restart often helps.',
      },
    }
  return undefined
}
