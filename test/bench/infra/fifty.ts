/** `pgbench` as 50 instances' roles at the same time, each in its own database: directly, and through PgBouncer. */
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { execa } from 'execa'
import type { ClientConfig } from 'pg'
import { makeTiny } from '../../support/tiny-base'
import { testWorkspace } from '../../support/workspace'
import type { BenchContext, Measured } from '../bench'
import { pooledLogin } from './login'

const instances = 50
/** That a run takes, in seconds. */
const duration = 10

export async function fifty({ runs, say }: BenchContext): Promise<Measured[]> {
  const workspace = await testWorkspace({ prepare: makeTiny })
  const [direct, pooled, failed]: [number[], number[], number[]] = [[], [], []]
  try {
    await workspace.open()
    await workspace.startInfrastructure()
    const { port } = await workspace.services.infrastructure.admin()
    const logins: ClientConfig[] = []
    for (let it = 0; it < instances; it++) {
      const login = await pooledLogin(workspace, `school-${it}`)
      await pgbench({ ...login, port }, ['--initialize', '--quiet'])
      logins.push(login)
    }
    for (let run = 1; run <= runs; run++) {
      const straight = await together(logins.map(it => ({ ...it, port })))
      const through = await together(logins)
      direct.push(straight.rate)
      pooled.push(through.rate)
      failed.push(straight.failed + through.failed)
      say(`run ${run}: ${Math.round(straight.rate)} transactions/s directly, ${Math.round(through.rate)} pooled`)
    }
  } finally {
    await workspace.remove()
  }
  const as = `pgbench as ${instances} instances`
  return [
    { name: `${as}, directly`, unit: 'transactions/s', values: direct },
    { name: `${as}, pooled`, unit: 'transactions/s', values: pooled },
    { name: `${as}, pooled / directly`, unit: 'ratio', values: pooled.map((it, run) => it / (direct[run] ?? NaN)) },
    { name: `${as}, failed`, unit: 'transactions', values: failed, goal: '<= 0' },
  ]
}

/** What all of them did: transactions per second, and how many failed. @throws if one ends with an error */
async function together(logins: readonly ClientConfig[]): Promise<{ readonly rate: number; readonly failed: number }> {
  const reports = await Promise.all(logins.map(it => pgbench(it, ['--no-vacuum', `--time=${duration}`])))
  return { rate: sum(reports, /^tps = ([\d.]+)/m), failed: sum(reports, /^number of failed transactions: (\d+)/m) }
}

function sum(reports: readonly string[], figure: RegExp): number {
  return reports.reduce((total, report) => {
    const found = figure.exec(report)?.[1]
    if (found === undefined) throw new Error(`pgbench says nothing like ${figure}: ${report}`)
    return total + Number(found)
  }, 0)
}

async function pgbench(login: ClientConfig, args: readonly string[]): Promise<string> {
  const { host, port, user, password, database } = login
  const { stdout } = await execa(
    await program(),
    [`--host=${host}`, `--port=${port}`, `--username=${user}`, ...args, database ?? ''],
    {
      env: { PGPASSWORD: String(password) },
      input: '',
      timeout: 120_000,
    },
  )
  return stdout
}

/** Debian keeps it outside the PATH. */
async function program(): Promise<string> {
  const versions = '/usr/lib/postgresql'
  const newest = (await readdir(versions)).toSorted((a, b) => Number(a) - Number(b)).at(-1)
  return join(versions, newest ?? '', 'bin/pgbench')
}
