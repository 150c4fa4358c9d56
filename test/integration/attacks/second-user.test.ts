import { access } from 'node:fs/promises'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { describeWhere } from '../../support/requires'
import { canMakeUsers, secondUser, whyNoUsers, type SecondUser } from '../../support/second-user'

describeWhere(canMakeUsers, whyNoUsers)('the second user of the attack tests', () => {
  let other: SecondUser

  beforeAll(async () => {
    other = await secondUser()
  })
  afterAll(() => other.remove())

  it('runs as itself, without our groups', async () => {
    expect(
      JSON.parse(
        await other.run('console.log(JSON.stringify([process.getuid(), process.getgid(), process.getgroups()]))'),
      ),
    ).toEqual([other.uid, other.gid, [other.gid]])
  })

  it('cannot read what only we may read', async () => {
    await access('/etc/shadow')
    await expect(other.run(`import { readFileSync } from 'node:fs'; readFileSync('/etc/shadow')`)).rejects.toThrow(
      'EACCES',
    )
  })

  it('serves until it is stopped', async () => {
    const server = other.start(`
      import { createServer } from 'node:net'
      const server = createServer().listen(0, '127.0.0.1', () => console.log(server.address().port))`)
    const port = Number(await server.line())
    expect(port).toBeGreaterThan(0)
    await server.stop()
    await expect(server.line()).rejects.toThrow('ended')
  })
})
