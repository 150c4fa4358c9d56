/** The package on a Debian with systemd that is restarted, and whose power is cut. Minutes for each test. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { startMachine, type Machine } from './machine'
import { director, ours, prepareSchool, rootsWorkspace, succeeds, user, workspace, type School } from './school'
import { settled, stateOf } from './state'

let school: School
let machine: Machine
/** What ends the machine and removes the disk, if they are there. */
const closing: (() => Promise<unknown>)[] = []
/** Milliseconds for a command: initdb alone takes three minutes on a busy machine. */
const limit = 900_000
const asRoot = (command: string) => succeeds(machine.asRoot(command, limit))
const asUser = (command: string) => succeeds(machine.as(user, command, limit))
const say = (text: string): void => void process.stdout.write(`${text}\n`)

/** @param work what takes long @returns what it returns; says how many seconds it took */
async function timed<T>(what: string, work: Promise<T>): Promise<T> {
  const began = performance.now()
  const result = await work
  say(`${what}: ${((performance.now() - began) / 1000).toFixed(0)} s`)
  return result
}

beforeAll(async () => {
  school = await timed('prepared', prepareSchool())
  closing.push(() => school.remove())
  machine = await timed('booted', startMachine(school))
  closing.push(() => machine.cut())
})
afterAll(async () => {
  for (const close of closing.toReversed()) await close()
})

test('the package is configured, and spares AppArmor a profile that Debian 12’s can’t read', async () => {
  await timed('configured', asRoot('dpkg --configure --pending'))
  expect(await asRoot("dpkg-query --show --showformat '${Status}' instance-manager")).toBe('install ok installed')
  expect(await asRoot('ls /etc/apparmor.d')).not.toContain('instance-manager')
  expect(await asRoot('systemctl is-active apparmor')).toBe('active\n')
})

test('a reboot brings back the infrastructure and the instances', async () => {
  await timed('started', asUser(`${ours()} start --all`)) // the infrastructure first
  // Without polkit, a user can't ask for it.
  const refused = await machine.as(user, `${ours()} autostart on`)
  expect(refused.stderr).toContain(`Have an administrator run “sudo loginctl enable-linger ${user}”`)
  await asRoot(`loginctl enable-linger ${user}`)
  expect(await asUser(`${ours()} autostart on && ${ours()} autostart status`)).toMatch(/^On: .*\nOn: /)
  await machine.shutDown()
  machine = await timed('booted', startMachine(school))
  expect(await timed('back', settled(machine))).toBe('active')
  expect(await stateOf(script => machine.as(user, script, 600_000))).toMatch(/^college online .*\nschool online /)
  expect(await asRoot('systemctl list-units --failed --quiet')).toBe('')
  const status = await asUser(`systemctl --user --no-pager status 'instance-manager-*'`)
  expect(status).toContain('active (exited)')
  expect(status).toContain(`Instance Manager (“${workspace}”)`)
})

test('after a reboot, what is turned off stays off, and root’s workspace is back', async () => {
  expect(await asUser(`${ours()} autostart off && ${ours()} autostart status`)).toMatch(/^Off: .*\nOff: /)
  expect(await asUser('ls -R ~/.config/systemd/user')).not.toContain('.service')
  const roots = ours(rootsWorkspace)
  const ports = { 'ports.postgres': 25432, 'ports.pgbouncer': 26432, 'ports.firstInstance': 6000 }
  await asRoot(`instance-manager init ${rootsWorkspace} --driver embedded`)
  for (const [name, port] of Object.entries(ports)) await asRoot(`${roots} settings set ${name} ${port}`)
  await timed('infrastructure as root', asRoot(`${roots} infra up`))
  await timed('instance as root', asRoot(`${roots} create office ${director}`))
  await asRoot(`${roots} autostart on`)
  await machine.shutDown()
  machine = await timed('booted', startMachine(school))
  const state = `systemctl show --property=ActiveState --value 'instance-manager-*'`
  expect(await timed('back', asRoot(`until ${state} | grep -v activating; do sleep 1; done`))).toBe('active\n')
  expect(await asRoot(`${roots} list`)).toMatch(/office +online/)
  expect(await asRoot('curl -sS http://127.0.0.1:6000')).toMatch(/^office/)
  expect(await asRoot('pgrep -c -u ada node || true')).toBe('0\n')
})
