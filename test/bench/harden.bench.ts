/**
 * How long a login through PgBouncer doesn't succeed while containers are hardened. A client logs in again and again, as
 * an instance's connections do that were cut.
 */
import { Client } from 'pg'
import { layOut, makeDatabase, type CliInstance } from '../support/cli-instance'
import { GuideContainers } from '../support/guide-containers'
import { podmanForTests } from '../support/podman/podman'
import { makeTiny } from '../support/tiny-base'
import { mustSucceed, testWorkspace } from '../support/workspace'
import type { Bench } from './bench'

const bench: Bench = {
  name: 'harden',
  async run({ runs, say }) {
    const podman = await podmanForTests()
    if ('missing' in podman) throw new Error(podman.missing)
    const { images } = podman
    const workspace = await testWorkspace({ driver: 'podman', images, prepare: makeTiny })
    const [whole, gaps]: [number[], number[]] = [[], []]
    try {
      await workspace.open()
      const settings = await workspace.services.settings.read()
      const guide = new GuideContainers('podman', images, settings)
      await guide.run()
      await workspace.startInfrastructure()
      const school = await layOut(workspace, 'school')
      await makeDatabase(workspace, school)
      const [rules, map] = [await guide.file('hba_file'), await guide.file('ident_file')]
      const { operations } = workspace.services
      for (let run = 0; run < runs; run++) {
        const prober = probe(settings.ports.pgbouncer, school)
        const begun = performance.now()
        mustSucceed(await operations.settled(await operations.start('infrastructure-harden', {})))
        whole.push((performance.now() - begun) / 1000)
        gaps.push((await prober.end()) / 1000)
        say(`without an answer for ${gaps.at(-1)?.toFixed(2)} s`)
        await guide.soften(rules, map, ['school_db', 'postgres', 'template1'])
      }
    } finally {
      await workspace.remove()
    }
    return [
      { name: 'longest time without a login through PgBouncer', unit: 's', values: gaps, goal: '<= 5' },
      { name: 'the whole operation', unit: 's', values: whole },
    ]
  },
}
export default bench

/** @returns `end` resolves to the longest time between two logins that succeeded, in milliseconds */
function probe(port: number, { role: user, password, database }: CliInstance): { end(): Promise<number> } {
  const ending = new AbortController()
  let [last, longest] = [performance.now(), 0]
  const loop = async (): Promise<void> => {
    while (!ending.signal.aborted) {
      const client = new Client({ host: '127.0.0.1', port, user, password, database, connectionTimeoutMillis: 1000 })
      client.on('error', () => undefined)
      try {
        await client.connect()
        await client.query('SELECT 1')
        longest = Math.max(longest, performance.now() - last)
        last = performance.now()
      } catch {
        // tried again
      } finally {
        await client.end().catch(() => undefined)
      }
    }
  }
  const looping = loop()
  return {
    async end() {
      ending.abort()
      await looping
      return Math.max(longest, performance.now() - last)
    },
  }
}
