import type { ClientConfig } from 'pg'
import { layOut, makeDatabase } from '../../support/cli-instance'
import type { TestWorkspace } from '../../support/workspace'

/** The pooled login of a new instance's database; there is no application. */
export async function pooledLogin(workspace: TestWorkspace, name: string): Promise<ClientConfig> {
  const its = await layOut(workspace, name)
  await makeDatabase(workspace, its)
  const { pgbouncer } = await workspace.services.infrastructure.status()
  const { database, role: user, password } = its
  return { host: '127.0.0.1', port: pgbouncer.port, database, user, password, connectionTimeoutMillis: 30_000 }
}
