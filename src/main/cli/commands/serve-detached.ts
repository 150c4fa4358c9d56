/** Serving that outlives its terminal: as a detached process, or as a systemd unit. */
import { spawn } from 'node:child_process'
import { open, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { makePrivateFolder } from '../../system/files'
import { productIn } from '../../system/product'
import { unitCommand, unitWord } from '../../system/systemd'
import { waitFor } from '../../system/wait'
import { exitCodes } from '../exit-codes'
import { Failure } from '../failure'
import type { Result, CommandSession } from '../session'
import { absolute } from '../workspace'
import { servers, welcome, type ServeCommandOptions } from './serving'

/** Milliseconds to wait for the server's answer. */
const patience = 30_000

/** The command line that serves in the foreground, with the same options. */
function command(
  { root, options }: CommandSession,
  { port, address, certificate, key }: ServeCommandOptions,
): string[] {
  const given = Object.entries({
    workspace: options.workspace === undefined ? undefined : absolute(options.workspace),
    port,
    address,
    certificate: certificate && absolute(certificate),
    key: key && absolute(key),
  })
  return [
    process.execPath,
    productIn(root).cli,
    'serve',
    ...given.flatMap(([name, value]) => (value === undefined ? [] : [`--${name}`, String(value)])),
  ]
}

export async function detach(session: CommandSession, options: ServeCommandOptions): Promise<Result> {
  const [file = '', ...args] = command(session, options)
  const data = await session.data()
  await makePrivateFolder(data)
  const log = join(data, 'serve.log')
  const errors = await open(log, 'w', 0o600)
  const child = spawn(file, args, { detached: true, stdio: ['ignore', 'ignore', errors.fd], cwd: '/' })
  let ended = false
  for (const it of ['exit', 'error'])
    child.once(it, () => {
      ended = true
    })
  child.unref()
  await errors.close()
  const answer = await waitFor(
    async () => {
      if (ended) return 'ended'
      const running = await servers(session)
      const mine = running.find(it => it.status.pid === child.pid)
      const link = await mine?.connection.client.serve.link.mutate()
      await Promise.all(running.map(it => it.connection.close()))
      return mine && link && { ...mine.status, ...link }
    },
    { timeout: patience },
  )
  if (answer !== undefined && answer !== 'ended')
    return {
      data: answer,
      lines: welcome(session, {
        link: answer.link,
        port: answer.port,
        remote: options.address !== undefined,
        detached: true,
      }),
    }
  if (!ended) child.kill()
  const said = (await readFile(log, 'utf8')).trim()
  throw new Failure(
    {
      code: 'serve-not-started',
      message: 'The pages couldn’t be served.',
      ...(said === ''
        ? { hint: 'Run the same command without --detach to see why.' }
        : { cause: said.split('\n')[0], details: said }),
    },
    exitCodes.failed,
  )
}

/** Prints the unit on standard output, and what to do with it on standard error. */
export async function unit(session: CommandSession, options: ServeCommandOptions): Promise<Result> {
  const text = [
    '[Unit]',
    'Description=Instance Manager',
    '',
    '[Service]',
    `ExecStart=${unitCommand(command(session, options))}`,
    `Environment=${unitWord(`PATH=${process.env['PATH'] ?? '/usr/bin:/bin'}`)}`,
    '# It starts PostgreSQL, PM2 and instances, which outlive it.',
    'KillMode=process',
    '# Running operations are finished first.',
    'TimeoutStopSec=15min',
    'Restart=on-failure',
    '',
    '[Install]',
    'WantedBy=default.target',
  ]
  session.say(
    [
      'Save it as ~/.config/systemd/user/instance-manager.service, then:',
      '  systemctl --user daemon-reload && systemctl --user enable --now instance-manager',
      '  loginctl enable-linger   # to run it without a login',
      '',
    ].join('\n'),
  )
  return { data: { unit: text.join('\n') }, lines: text }
}
