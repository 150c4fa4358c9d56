/**
 * A disk with everything that would take long in emulation: Debian with the package, unpacked but not yet configured, a
 * workspace with instances, and their releases.
 */
import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { execa } from 'execa'
// @ts-expect-error a script without types
import { debian as description } from '../../scripts/package/description.mjs'
import { startDebian, type Debian, type Ran } from '../package/debian'
import { makeTiny } from '../support/tiny-base'
import { makeDisk, type Parts } from './machine'

export const user = 'ada'
export const workspace = `/home/${user}/work`
/** Root's. It has no instance: PostgreSQL doesn't run as root in a chroot, where there are no user namespaces. */
export const rootsWorkspace = '/srv/work'
export const director = '--director-name Ada --director-email ada@school.example --generate-password'

const { depends, recommends } = description as { readonly depends: string[]; readonly recommends: string[] }
const machine = 'systemd-sysv udev dbus-user-session libpam-systemd linux-image-cloud-amd64 initramfs-tools'
const tools = 'qemu-guest-agent iproute2 e2fsprogs apparmor curl postgresql-client-15'
export const packages = [
  `${machine} ${tools}`.split(' '),
  [...depends, ...recommends].map(it => it.split(/[ |]/)[0] ?? it), // of alternatives, Debian 12's
].flat()

export interface School extends Parts {
  remove(): Promise<void>
}

export async function prepareSchool(): Promise<School> {
  const folder = await mkdtemp(join(tmpdir(), 'im-vm-'))
  const parts = {
    folder,
    kernel: join(folder, 'kernel'),
    initrd: join(folder, 'initrd'),
    disk: join(folder, 'disk.qcow2'),
  }
  const debian = await startDebian(packages)
  const remove = async (): Promise<void> => {
    await debian.remove()
    await rm(folder, { recursive: true, force: true })
  }
  try {
    const boot = join(debian.root, 'boot')
    const files = await readdir(boot)
    const find = (what: string): string => join(boot, files.find(it => it.startsWith(what)) ?? what)
    await execa('cp', [find('vmlinuz-'), parts.kernel])
    await execa('cp', [find('initrd.img-'), parts.initrd])
    await equip(debian)
    await makeTiny(join(debian.root, rootsWorkspace))
    const raw = join(folder, 'disk.img')
    await debian.toDisk(raw)
    await makeDisk(raw, parts.disk)
    return { ...parts, remove }
  } catch (error) {
    await remove()
    throw error
  }
}

/** Unpacks the package, and creates two instances with it, which are stopped. */
export async function equip(debian: Debian): Promise<void> {
  const asRoot = (command: string) => succeeds(debian.asRoot(command))
  const asUser = (command: string) => succeeds(debian.as(user, command))
  const dist = resolve(import.meta.dirname, '../../dist')
  const deb = (await readdir(dist)).find(it => it.endsWith('.deb')) ?? 'no .deb in dist'
  await execa('cp', [join(dist, deb), join(debian.root, 'it.deb')])
  await asRoot(`useradd -m -s /bin/bash ${user} && dpkg --unpack /it.deb && rm /it.deb`)
  await makeTiny(join(debian.root, workspace))
  await asRoot(`chown -R ${user}: /home/${user}`)
  await asUser(`instance-manager init ${workspace} --driver embedded && ${ours()} infra up`)
  for (const name of ['school', 'college']) await asUser(`${ours()} create ${name} ${director}`)
  await asUser(
    `${sql('school')} -c 'CREATE TABLE pupils (name text)' -c "INSERT INTO pupils SELECT 'pupil ' || it FROM generate_series(1, 1000) it"`,
  )
  await asUser(`echo photo > ${workspace}/instances/school/server/uploads/photo`)
  await asUser(`${ours()} stop --all && ${ours()} infra down`)
}

/** Our command in a workspace. */
export const ours = (folder = workspace): string => `instance-manager --workspace ${folder}`

/** psql or pg_dump in an instance's database. */
export const sql = (name: string, program = 'psql -v ON_ERROR_STOP=1 -qAt'): string =>
  `${program} "$(sed -n s/^DIRECT_URL=//p ${workspace}/instances/${name}/server/.env | tr -d '"')"`

/** @returns what it printed @throws if it failed */
export async function succeeds(ran: Promise<Ran>): Promise<string> {
  const { exitCode, stdout, stderr } = await ran
  if (exitCode !== 0) throw new Error(`exit code ${exitCode}\n${stdout}\n${stderr}`)
  return stdout
}
