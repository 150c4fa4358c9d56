/** `create-many`: several instances from a CSV file. */
import { readFile } from 'node:fs/promises'
import { stdin } from 'node:process'
import { text } from 'node:stream/consumers'
import { parseCreations, type CreationRow } from '../../../shared/creation-list'
import { creationColumns } from '../../../shared/instance'
import { createJob, createManyJob } from '../../../shared/jobs/create'
import { planOf } from '../../../shared/jobs/words'
import { toProblem } from '../../../shared/problem'
import type { Client } from '../engine'
import { exitCodes } from '../exit-codes'
import { Failure, wrongUsage } from '../failure'
import { many, resultOfMany, withOperations, type Each, type FollowServices } from '../operate'
import { cleanLine } from '../print/clean'
import { table } from '../print/table'
import type { CommandSession, Result } from '../session'
import { sharedInput, type SharedOptions } from './create'

export interface CreateManyOptions extends SharedOptions {
  readonly dryRun?: boolean
}

export async function createMany(session: CommandSession, file: string, options: CreateManyOptions): Promise<Result> {
  const list = parseCreations(await contentOf(file))
  if ('fault' in list) throw wrongUsage(list.fault)
  const { rows } = list
  if (options.dryRun) {
    const faults = await faultsOf((await session.engine('look')).client, rows)
    if (faults.length > 0) throw faulty(faults)
    return { data: { rows: rows.length }, lines: [`All ${rows.length} rows can be created.`] }
  }
  return withOperations(session, async services => {
    const faults = await faultsOf(services.client, rows)
    if (faults.length > 0) throw faulty(faults)
    const items = rows.flatMap(it => it.input ?? []).map(it => ({ ...it, ...sharedInput(options) }))
    const results = await many(services, { kind: createManyJob.kind, items })
    const created = await Promise.all(results.map(it => accountOf(services, it)))
    const result = resultOfMany(session, results)
    return {
      ...result,
      data: results.map((it, index) => ({ ...it, instance: created[index] })),
      lines: accountLines(
        created.flatMap(it => it ?? []),
        session,
      ),
    }
  })
}

async function contentOf(file: string): Promise<string> {
  try {
    return file === '-' ? await text(stdin) : await readFile(file, 'utf8')
  } catch (error) {
    throw wrongUsage(`${cleanLine(file)} can’t be read: ${cleanLine(toProblem(error).message)}`)
  }
}

interface Fault {
  readonly row: number
  readonly name: string
  readonly fault: string
}

/** In the file itself, and with the names and ports that exist already. */
async function faultsOf(client: Client, rows: readonly CreationRow[]): Promise<Fault[]> {
  const good = rows.flatMap(it => it.input ?? [])
  const taken = await client.instances.checkCreations.query(
    good.map(({ name, port }) => ({ name, ...(port !== 'auto' && { port }) })),
  )
  return rows.flatMap(({ number, cells, faults, input }) => {
    const found: typeof faults = input ? (taken[good.indexOf(input)] ?? {}) : faults
    return creationColumns.flatMap(it => {
      const fault = found[it]
      return fault === undefined ? [] : [{ row: number, name: cells.name, fault: `${it}: ${fault}` }]
    })
  })
}

const faulty = (faults: readonly Fault[]): Failure =>
  new Failure(
    {
      code: 'rows-invalid',
      message: `${new Set(faults.map(it => it.row)).size === 1 ? 'One row is' : 'Some rows are'} wrong, so nothing was created.`,
      details: faults.map(it => `Row ${it.row}, ${cleanLine(it.name) || 'no name'}: ${cleanLine(it.fault)}`).join('\n'),
      hint: 'Correct the file, then try again.',
    },
    exitCodes.refused,
    faults,
  )

interface Account {
  readonly name: string
  readonly url: string
  readonly director: string
  readonly password: string
}

/** Shown here once, so the workspace forgets the password. */
async function accountOf(
  { client, follower }: FollowServices,
  { name, operation }: Each,
): Promise<Account | undefined> {
  const taken = operation && (await client.operations.takePassword.mutate({ id: operation.id }))
  const state = follower.states.find(it => it.id === operation?.id)
  const plan = state && planOf(createJob, state)
  return taken && plan ? { name, url: plan.url, director: taken.email, password: taken.password } : undefined
}

const accountLines = (accounts: readonly Account[], session: CommandSession): string[] =>
  table<Account>(
    [
      { title: 'NAME', text: it => cleanLine(it.name) },
      { title: 'ADDRESS', text: it => it.url },
      { title: 'DIRECTOR', text: it => cleanLine(it.director) },
      { title: 'PASSWORD', text: it => cleanLine(it.password) },
    ],
    accounts,
    it => session.out.paint('dim', it),
  )
