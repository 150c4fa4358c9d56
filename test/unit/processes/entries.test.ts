import { expect, it } from 'vitest'
import { entriesSchema, toInfo } from '../../../src/main/processes/entries'

it.each([
  [4711, 'waiting restart'],
  [0, 'stopped'],
])('what PM2 calls stopped with the pid %i: %s', (pid, status) => {
  const pm2_env = { status: 'stopped', pm_cwd: '/', exec_mode: 'fork_mode' }
  const [entry] = entriesSchema.parse([{ pid, name: 'school', pm_id: 0, monit: { cpu: 0, memory: 0 }, pm2_env }])
  expect(entry && toInfo(entry).status).toBe(status)
})
