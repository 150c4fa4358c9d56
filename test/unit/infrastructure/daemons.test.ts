import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { setTimeout as delay } from 'node:timers/promises'
import { expect, it, onTestFinished } from 'vitest'
import { workingIn } from '../../../src/main/infrastructure/drivers/daemons'
import { temporary } from '../temporary'

it("finds a program in its folder, and not an operator's shell there", async () => {
  const folder = await temporary()
  const child = spawn('sleep', ['1000'], { cwd: folder })
  onTestFinished(async () => {
    child.kill('SIGKILL')
    await once(child, 'exit')
  })
  while (!(await workingIn(folder, 'sleep')).includes(child.pid as number)) await delay(20)
  expect(await workingIn(folder, 'pgbouncer')).toEqual([])
})
