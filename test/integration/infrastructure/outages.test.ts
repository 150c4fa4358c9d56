import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { onTestFinished, vi } from 'vitest'
import { podmanForTests } from '../../support/podman/podman'
import { describeWhere } from '../../support/requires'
import { outagesSuite } from './outages'

const podman = await podmanForTests()

describeWhere('images' in podman, 'missing' in podman ? podman.missing : '')('with Podman', () => {
  // It has no daemon that could hang.
  outagesSuite('podman', 'images' in podman ? podman.images : { postgres: '', pgbouncer: '' }, async () => {
    const bin = await mkdtemp(join(tmpdir(), 'im-hanging-'))
    onTestFinished(() => rm(bin, { recursive: true }))
    await writeFile(join(bin, 'podman'), '#!/bin/sh\nexec sleep 1000\n')
    await chmod(join(bin, 'podman'), 0o755)
    vi.stubEnv('PATH', `${bin}:${process.env['PATH'] ?? ''}`)
    return () => void vi.unstubAllEnvs()
  })
})
