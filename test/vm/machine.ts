/**
 * A virtual machine with a Debian of its own and systemd, in QEMU's software emulation: KVM isn't everywhere, and this
 * is about 30 times slower. A killed QEMU is a power cut: what the guest hadn't flushed to its disk is lost.
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { open, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { execa } from 'execa'
import { exists } from '../../src/main/system/files'
import { waitFor } from '../../src/main/system/wait'
import type { Ran } from '../package/debian'
import { openJsonLine, type JsonLine } from './json-line'

/** From power on to the guest's agent: 20 s on a quiet machine. Milliseconds. */
const bootLimit = 600_000

export interface Machine {
  /** Runs a shell command as root. @param limit milliseconds */
  asRoot(command: string, limit?: number): Promise<Ran>
  /** Runs a shell command after signing in as a user. @param limit milliseconds */
  as(user: string, command: string, limit?: number): Promise<Ran>
  /** Keeps memory and disk as they are, to start from later. */
  snapshot(name: string): Promise<void>
  /** Shuts it down in order, as for a reboot. */
  shutDown(): Promise<void>
  /** Pulls the plug. */
  cut(): Promise<void>
}

/** What a machine is made of. */
export interface Parts {
  readonly folder: string
  readonly kernel: string
  readonly initrd: string
  /** In the format qcow2. */
  readonly disk: string
}

/** A disk that takes writes, and leaves the one that it is based on alone. @param from a raw disk */
export async function makeDisk(from: string, disk: string): Promise<void> {
  await execa('qemu-img', ['create', '-q', '-f', 'qcow2', '-F', 'raw', '-b', from, disk])
}

/** Switches it on, and waits until it has booted. @param snapshot to go on from instead */
export async function startMachine({ folder, kernel, initrd, disk }: Parts, snapshot?: string): Promise<Machine> {
  const [control, agent, console] = [join(folder, 'control'), join(folder, 'agent'), join(folder, 'console.log')]
  await Promise.all([control, agent].map(it => rm(it, { force: true })))
  const log = await open(console, 'a')
  // Only what is fsynced is on the disk: ext4 isn't to guess what should have been. The rest saves time in emulation.
  const append = 'root=/dev/vda rw rootflags=noauto_da_alloc console=ttyS0 quiet mitigations=off no5lvl audit=0'
  const options = {
    accel: 'tcg,thread=multi',
    cpu: 'max',
    smp: '2',
    m: '2048',
    display: 'none',
    serial: 'stdio',
    kernel,
    initrd,
    append,
    drive: `file=${disk},if=virtio,format=qcow2,cache=writeback`,
    qmp: `unix:${control},server=on,wait=off`,
    chardev: `socket,id=agent,path=${agent},server=on,wait=off`,
    ...(snapshot !== undefined && { loadvm: snapshot }),
  }
  const devices = ['virtio-serial', 'virtserialport,chardev=agent,name=org.qemu.guest_agent.0']
  const qemu = spawn(
    'nice',
    [
      ['-n', '10', 'qemu-system-x86_64', '-nodefaults', '-no-reboot'],
      Object.entries(options).map(([name, value]) => [`-${name}`, value]),
      devices.map(it => ['-device', it]),
    ].flat(2),
    { stdio: ['ignore', log.fd, log.fd] },
  )
  const ended = once(qemu, 'exit')
  let lines: readonly JsonLine[] = []
  const stop = async (): Promise<void> => {
    qemu.kill('SIGKILL')
    await ended
    for (const it of lines) it.close()
    await log.close()
  }
  try {
    await waitFor(async () => (await exists(control)) && (await exists(agent)), { timeout: bootLimit, every: 100 })
    const [monitor, guest] = (lines = [await openJsonLine(control), await openJsonLine(agent)]) as [JsonLine, JsonLine]
    await monitor.call('qmp_capabilities', {}, bootLimit) // answers once a snapshot is loaded
    await guest.call('guest-ping', {}, bootLimit)
    const run = (path: string, arg: readonly string[], limit = 300_000): Promise<Ran> => runIn(guest, path, arg, limit)
    return {
      asRoot: (command, limit) => run('/bin/sh', ['-c', command], limit),
      as: (user, command, limit) => run('/bin/su', ['-', user, '-c', command], limit),
      async snapshot(name) {
        const said = await monitor.call('human-monitor-command', { 'command-line': `savevm ${name}` }, bootLimit)
        if (said !== '') throw new Error(String(said))
      },
      async shutDown() {
        // QEMU ends (-no-reboot). Nobody may be left to say what the command returned.
        await guest.call('guest-exec', { path: '/bin/systemctl', arg: ['reboot', '--no-block'] })
        if (!(await waitFor(() => qemu.exitCode !== null, { timeout: bootLimit }))) throw new Error('It stays on.')
        await stop()
      },
      cut: stop,
    }
  } catch (error) {
    await stop()
    throw error
  }
}

interface Status {
  readonly exited: boolean
  readonly exitcode?: number
  readonly 'out-data'?: string
  readonly 'err-data'?: string
}

async function runIn(guest: JsonLine, path: string, arg: readonly string[], limit: number): Promise<Ran> {
  const env = ['PATH=/usr/sbin:/usr/bin:/sbin:/bin', 'DEBIAN_FRONTEND=noninteractive', 'LC_ALL=C.UTF-8']
  const { pid } = (await guest.call('guest-exec', { path, arg, env, 'capture-output': true })) as { pid: number }
  const status = await waitFor(
    async () => {
      const found = (await guest.call('guest-exec-status', { pid })) as Status
      return found.exited ? found : undefined
    },
    { timeout: limit, every: 500 },
  )
  if (!status) throw new Error(`It runs for longer than ${limit / 1000} s: ${path} ${arg.join(' ')}`)
  const text = (data = ''): string => Buffer.from(data, 'base64').toString()
  return { exitCode: status.exitcode, stdout: text(status['out-data']), stderr: text(status['err-data']) }
}
