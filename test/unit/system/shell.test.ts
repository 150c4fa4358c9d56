/** The helper process of a shell, when it ends or never starts. */
import { copyFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, it, onTestFinished } from 'vitest'
import { productIn } from '../../../src/main/system/product'
import { startShell, type Shell } from '../../../src/main/system/shell'
import { temporary } from '../temporary'

const project = join(import.meta.dirname, '../../..')

async function start(command: string, script = productIn(project).shellScript, signal?: AbortSignal): Promise<Shell> {
  const folder = await temporary()
  const file = join(folder, 'shell')
  await writeFile(file, `#!/bin/sh\n${command}\n`, { mode: 0o755 })
  const shell = await startShell({
    script,
    node: process.execPath,
    mark: 'TEST_MARK=1',
    file,
    cwd: folder,
    env: { PATH: process.env['PATH'] ?? '', TERM: 'xterm' },
    size: { columns: 80, rows: 24 },
    signal: signal ?? new AbortController().signal,
  })
  onTestFinished(() => shell.hangUp())
  return shell
}

it('reports its exit code although it was resized, and typed to, after it had ended', async () => {
  const shell = await start('yes & sleep 0.1; exit 3')
  for (let at = 0; at < 200; at++) {
    shell.resize({ columns: 100 + at, rows: 30 })
    shell.type('x')
    await new Promise(done => setTimeout(done, 3)) // often, so that some come while it ends
  }
  shell.output.resume() // until now, nobody has read it
  expect(await shell.ended).toBe(3)
})

it('a helper that never starts it is given up', async () => {
  const script = join(await temporary(), 'hangs.cjs')
  await writeFile(script, 'setInterval(() => {}, 1000); process.on("disconnect", () => process.exit())')
  const starting = start('exit', script, AbortSignal.timeout(300))
  await expect(starting).rejects.toMatchObject({ problem: { code: 'terminal-unavailable' } })
})

it('says so if the package that opens terminals is missing', async () => {
  const script = join(await temporary(), 'shell.cjs')
  await copyFile(productIn(project).shellScript, script)
  await expect(start('exit', script)).rejects.toMatchObject({
    problem: { code: 'terminal-unavailable', cause: "Error: Cannot find module '@lydell/node-pty'" },
  })
})
