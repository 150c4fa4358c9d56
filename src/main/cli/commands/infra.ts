/** `infra`: the shared PostgreSQL and PgBouncer. */
import { resolve } from 'node:path'
import { bytes, capital, count, enumerate, uptime } from '../../../shared/amounts'
import {
  driverTitle,
  serviceNames,
  serviceTitle,
  whyDriver,
  type InfrastructureStatus,
  type ServiceDetails,
  type ServiceName,
} from '../../../shared/infrastructure'
import {
  cutOff,
  infrastructureRestartJob,
  infrastructureStartJob,
  infrastructureStopJob,
} from '../../../shared/jobs/infrastructure'
import { loadImagesJob, refreshImagesJob } from '../../../shared/jobs/images'
import { planOf } from '../../../shared/jobs/words'
import { endedOf, followMany, notesOf, resultOfMany, succeed, withOperations } from '../operate'
import { cleanLine } from '../print/clean'
import { problemLines } from '../print/problem'
import { serviceLines } from '../print/services'
import { pairs } from '../print/table'
import type { Result, CommandSession } from '../session'

const jobs = { up: infrastructureStartJob, down: infrastructureStopJob, restart: infrastructureRestartJob } as const

interface ChangeOptions {
  readonly stopInstances?: boolean
  readonly newData?: boolean
  readonly confirm?: string
}

/** @param service absent: both */
export function change(
  session: CommandSession,
  how: keyof typeof jobs,
  service: ServiceName | undefined,
  { stopInstances = false, newData, confirm }: ChangeOptions = {},
): Promise<Result> {
  return withOperations(session, async services => {
    if (how === 'down' && !stopInstances) {
      const names = cutOff(await services.client.instances.list.query(), service).map(it => cleanLine(it.name))
      if (names.length > 0)
        session.say(
          `${capital(count(names.length, 'running instance'))} will lose access to the database: ${enumerate(names)}.`,
        )
    }
    const more = { up: { newData }, down: { stopInstances, typed: confirm }, restart: {} }[how]
    const operation = await succeed(services, { kind: jobs[how].kind, service, ...more })
    const instances = await followMany(services, operation.steps.find(it => it.result?.operation)?.result?.operation)
    const infrastructure = await services.client.infrastructure.status.query()
    return {
      ...resultOfMany(session, instances, serviceLines(infrastructure, session.out.paint)),
      data: { operations: [endedOf(operation)], instances, infrastructure },
    }
  })
}

export async function status(session: CommandSession): Promise<Result> {
  const { client } = await session.engine('look')
  const [infrastructure, options, details] = await Promise.all([
    client.infrastructure.status.query(),
    client.infrastructure.options.query(),
    client.infrastructure.details.query(),
  ])
  const reason = whyDriver(infrastructure.driver, options)
  const dim = (text: string): string => session.out.paint('dim', text)
  if (!session.json) for (const it of infrastructure.warnings) session.err.lines(problemLines(it, session.err.paint))
  return {
    data: { ...infrastructure, reason, details },
    lines: [
      `Driver ${infrastructure.driver}: ${cleanLine(reason)}`,
      ...serviceLines(infrastructure, session.out.paint),
      ...formerLines(infrastructure),
      ...serviceNames.flatMap(it => {
        const facts = pairs(factsOf(details[it]), dim)
        return facts.length > 0 ? ['', serviceTitle[it], ...facts.map(line => `  ${line}`)] : []
      }),
    ],
  }
}

const formerLines = ({ former }: InfrastructureStatus): string[] =>
  former
    ? [
        `Kept from before the last move: PostgreSQL ${cleanLine(former.version)} under ${driverTitle[former.driver]}, ${bytes(former.bytes)} (“infra remove-old” removes it).`,
      ]
    : []

function factsOf(details: ServiceDetails): [string, string | undefined][] {
  const { answersIn, startedAt, restarts, memory, program, data, dataBytes, settings } = details
  const size = dataBytes === undefined ? '' : `, ${bytes(dataBytes)}`
  return [
    ['Answers in', answersIn === undefined ? undefined : `${answersIn} ms`],
    ['Uptime', startedAt === undefined ? undefined : uptime(Date.now() - startedAt)],
    ['Restarts', restarts?.toString()],
    ['Memory', memory === undefined ? undefined : bytes(memory)],
    ['Program', program === undefined ? undefined : cleanLine(program)],
    ['Data', data === undefined ? undefined : cleanLine(data) + size],
    ...settings.map(({ name, value }): [string, string] => [name, cleanLine(value)]),
  ]
}

export async function drivers(session: CommandSession): Promise<Result> {
  const { client } = await session.engine('look')
  const [{ driver }, options] = await Promise.all([
    client.infrastructure.status.query(),
    client.infrastructure.options.query(),
  ])
  const { paint } = session.out
  return {
    data: { driver, options },
    lines: options.flatMap(({ kind, available, reason, problem }) => [
      `${available ? paint('green', '✓') : paint('red', '✗')} ${driverTitle[kind]}${kind === driver ? ' (in use)' : ''}: ${cleanLine(reason)}`,
      ...(problem?.cause ? [`  Cause: ${cleanLine(problem.cause)}`] : []),
      ...(problem?.hint ? [`  Hint: ${cleanLine(problem.hint)}`] : []),
    ]),
  }
}

/** @param image one that may be in it, besides those that the settings name */
export function load(session: CommandSession, file: string, image: string | undefined): Promise<Result> {
  return withOperations(session, async services => {
    const operation = await succeed(services, { kind: loadImagesJob.kind, file: resolve(file), image })
    const images = planOf(loadImagesJob, operation)?.images ?? []
    return { data: { images }, lines: images.map(it => `Loaded ${cleanLine(it)}.`) }
  })
}

export function pull(session: CommandSession): Promise<Result> {
  return withOperations(session, async services => {
    const operation = await succeed(services, { kind: refreshImagesJob.kind })
    const notes = notesOf(operation)
    return {
      data: { images: planOf(refreshImagesJob, operation)?.images ?? [], notes },
      lines: notes.length > 0 ? notes : ['The images are as new as in the registry.'],
    }
  })
}
