import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { parse } from 'dotenv'
import { expect, it } from 'vitest'
import { writeInstanceFiles } from '../../../src/main/instances/create/files'
import type { CreatePlan } from '../../../src/shared/jobs/create'
import type { CreateServices } from '../../../src/main/instances/create/services'
import { instancePaths, workspacePaths } from '../../../src/main/workspace/paths'
import { manifestSchema } from '../../../src/shared/workspace'
import { temporary } from '../temporary'

it("keeps an instance off the base application's database and port, whatever the manifest copies", async () => {
  const root = await temporary()
  await mkdir(join(root, 'server'))
  await writeFile(
    join(root, 'server/.env'),
    'DATABASE_URL=postgresql://base\nDIRECT_URL=postgresql://base\nPORT=1\nEMAIL_USER=us\n',
  )
  const manifest = manifestSchema.parse({ env: { copy: ['DATABASE_URL', 'DIRECT_URL', 'PORT', 'EMAIL_USER'] } })
  const paths = workspacePaths(root)
  const plan: CreatePlan = {
    token: 'token',
    name: 'one',
    port: 5001,
    url: '',
    database: 'one_db',
    role: 'one_user',
    directPort: 15432,
    pooledPort: 16432,
    pooled: true,
    fingerprint: '',
    manifest,
    director: { name: 'D', email: 'd@example.org' },
    jwtSecret: 'generate',
  }
  const its = instancePaths(paths, manifest, 'one')
  await mkdir(its.server, { recursive: true })
  const secret = (name: string) => Promise.resolve({ database: 'password', jwt: 'jwt' }[name] ?? '')
  await writeInstanceFiles({ paths } as CreateServices, { plan, secret }, its)
  const url = 'postgresql://one_user:password@127.0.0.1:15432/one_db'
  expect(parse(await readFile(its.env))).toMatchObject({
    DATABASE_URL: url,
    DIRECT_URL: url,
    PORT: '5001',
    EMAIL_USER: 'us',
    JWT_SECRET: 'jwt',
  })
})
