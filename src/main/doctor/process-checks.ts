/** The checks of an instance's process: in PM2, on its port, over HTTP. */
import { count, uptime } from '../../shared/amounts'
import type { Fix } from '../../shared/doctor'
import { restartJob, startJob, stopJob } from '../../shared/jobs/lifecycle'
import { headline } from '../../shared/jobs/words'
import { isMoving } from '../../shared/operation'
import type { Problem } from '../../shared/problem'
import type { InstanceFacts, ProcessFacts } from './facts'
import { good, judging, unchecked, wrong, type Check } from './verdicts'

const nameOf = ({ config }: InstanceFacts): string => config.name

const start = (facts: InstanceFacts): Fix => ({
  label: 'Start it',
  request: { kind: startJob.kind, name: nameOf(facts) },
})
const restart = (facts: InstanceFacts): Fix => ({
  label: 'Restart it',
  request: { kind: restartJob.kind, name: nameOf(facts) },
  warning: 'It is briefly unavailable.',
})

const takeOver = (facts: InstanceFacts): Fix => ({
  ...restart(facts),
  label: 'Take it over',
  warning: 'PM2 will end its process and start it again, so it is briefly unavailable.',
})
const end = (facts: InstanceFacts): Fix => ({
  label: 'End it',
  request: { kind: stopJob.kind, name: nameOf(facts) },
  warning: 'Its process will be ended, so nobody can use the instance until it is started.',
})

const ofProcess = (judge: (it: ProcessFacts, facts: InstanceFacts) => ReturnType<Check<InstanceFacts>['judge']>) =>
  judging((facts: InstanceFacts) => facts.process, judge)

/** More than one crash may be bad luck, e.g. a database that was down; PM2 counts since the last start. */
const manyRestarts = 3
/** Milliseconds: longer ago, they are history. */
const recently = 10 * 60_000

/** Problems that may only mean that it is still booting. */
const booting: ReadonlySet<string> = new Set(['not-listening', 'no-http-answer'])

export const processChecks: readonly Check<InstanceFacts>[] = [
  {
    id: 'operation',
    judge: ({ operation }) => {
      if (!operation) return good
      if (isMoving(operation)) return unchecked(headline(operation))
      return wrong(`${headline(operation)}.`, {
        hint: 'Decide in Activity what to do about it. Until then, nothing else can be done with this instance.',
      })
    },
  },
  {
    id: 'listed',
    judge: ofProcess(({ own, namesake, lost }, facts) => {
      if (lost !== undefined)
        return wrong(`It runs as process ${lost}, which PM2 has lost track of because its daemon ended.`, {
          fix: facts.wanted ? takeOver(facts) : end(facts),
        })
      if (namesake !== undefined)
        return wrong(`PM2 has another process with its name, in ${namesake}.`, {
          hint: own
            ? 'Delete that one by its number: “pm2 list”, then “pm2 delete NUMBER”.'
            : `It can’t be started while PM2 has that one: “pm2 delete ${nameOf(facts)}”.`,
        })
      return own || !facts.wanted
        ? good
        : wrong('It should be running, but isn’t in PM2’s list.', { fix: start(facts) })
    }),
  },
  {
    id: 'status',
    judge: ofProcess(({ own }, facts) => {
      if (!own) return undefined
      if (own.status === 'online') return good
      if (own.status === 'errored')
        return wrong('It kept crashing right after starting, so PM2 gave up.', {
          hint: 'Its error log says why: the cause may be among these findings.',
          fix: start(facts),
        })
      if (own.status === 'stopped') return facts.wanted ? wrong('It should be running.', { fix: start(facts) }) : good
      return unchecked(`PM2 reports: ${own.status}.`)
    }),
  },
  {
    id: 'restarts',
    judge: ofProcess(({ own }, { now }) => {
      if (own?.status !== 'online' || own.startedAt === undefined) return undefined
      const since = now - own.startedAt
      return own.restarts >= manyRestarts && since < recently
        ? wrong(
            `PM2 has restarted it ${count(own.restarts, 'time')} since its last start, most recently ${uptime(since)} ago.`,
            { hint: 'It keeps crashing. Its error log says why.' },
          )
        : good
    }),
  },
  {
    id: 'port',
    judge: facts => (facts.health ? judgeHealth(facts, 'port') : judgeHolders(facts)),
  },
  { id: 'http', judge: facts => judgeHealth(facts, 'http') },
]

/** Which check each problem of `look` belongs to; one that isn't here belongs to none. */
const problemsOf = {
  port: ['not-listening', 'port-held-by-other'],
  http: ['no-http-answer', 'http-error'],
} as const

const judgeHealth = (facts: InstanceFacts, check: keyof typeof problemsOf) =>
  judging(
    () => facts.health,
    (found: Problem | undefined) => {
      if (!found) return good
      const own: readonly string[] = problemsOf[check]
      if (!own.includes(found.code)) {
        // the look ends at the first problem
        if (check === 'port' && (problemsOf.http as readonly string[]).includes(found.code)) return good
        return unchecked(check === 'http' ? 'It doesn’t hold its port.' : found.message)
      }
      const process = 'value' in facts.process ? facts.process.value.own : undefined
      const age = facts.now - (process?.startedAt ?? 0)
      if (booting.has(found.code) && age < facts.bootSeconds * 1000)
        return unchecked(`It was started ${uptime(age)} ago and may take ${facts.bootSeconds} s to answer.`)
      return wrong([found.message, found.cause].filter(Boolean).join(' '), {
        hint: found.code === 'port-held-by-other' ? found.hint : 'Its error log may say why.',
        ...(found.code !== 'port-held-by-other' && { fix: restart(facts) }),
      })
    },
  )(facts)

const judgeHolders = (facts: InstanceFacts) =>
  judging(
    () => facts.holders,
    (holders: readonly string[]) =>
      holders.length === 0
        ? good
        : wrong(`Port ${facts.config.port} is held by ${holders.join(', ')}, so it couldn’t be started.`, {
            hint: `End that program, or give the instance another port: instance-manager port ${nameOf(facts)} PORT.`,
          }),
  )(facts)
