/**
 * `serve`: serves the pages to browsers, in the foreground, detached from the terminal, or as a systemd unit; and
 * controls running servers.
 */
import { realpath } from 'node:fs/promises'
import type { Problem } from '../../../shared/problem'
import { hostOf, type ServeStatus } from '../../../shared/served'
import { isAlive } from '../../system/proc'
import { waitFor } from '../../system/wait'
import { exitCodes } from '../exit-codes'
import { refused, wrongUsage } from '../failure'
import { asJson, cleanLine } from '../print/clean'
import { table } from '../print/table'
import { interrupted as interruption, type Result, type CommandSession } from '../session'
import { absolute, lastOpened } from '../workspace'
import { servers, welcome, type Running, type ServeCommandOptions } from './serving'

export async function serve(session: CommandSession, options: ServeCommandOptions): Promise<Result> {
  const modes = (['detach', 'status', 'stop', 'link', 'unit'] as const).filter(it => options[it])
  if (modes.length > 1) throw wrongUsage(`Use only one of ${modes.map(it => `--${it}`).join(' and ')}.`)
  const { address, certificate, key } = options
  if (
    [address, certificate, key].some(it => it !== undefined) &&
    (address === undefined || certificate === undefined || key === undefined)
  ) {
    throw wrongUsage(
      'Other machines can only be served over TLS, with all of --address, --certificate and --key.',
      'Without these options, the pages are served on 127.0.0.1. Reach them with “ssh -L”.',
    )
  }
  const [mode] = modes
  switch (mode) {
    case 'detach':
      return (await alreadyServed(session)) ?? (await import('./serve-detached')).detach(session, options)
    case 'unit':
      return (await import('./serve-detached')).unit(session, options)
    case 'status':
      return status(session)
    case 'link':
      return links(session, options.port)
    case 'stop':
      return stop(session, options.port)
    case undefined:
    default:
      return (await alreadyServed(session)) ?? inForeground(session, options)
  }
}

async function inForeground(
  session: CommandSession,
  { port, address, certificate, key }: ServeCommandOptions,
): Promise<Result> {
  const { serve: startServing } = await import('../../serve')
  const remote =
    address !== undefined && certificate !== undefined && key !== undefined
      ? { address, certificate: absolute(certificate), key: absolute(key) }
      : undefined
  const workspace = session.options.workspace === undefined ? undefined : absolute(session.options.workspace)
  const serving = await startServing({ root: session.root, port, workspace, remote })
  let [atOnce, interrupted] = [(): void => undefined, (): void => undefined]
  const [left, first] = [
    new Promise<void>(done => {
      atOnce = done
    }),
    new Promise<void>(done => {
      interrupted = done
    }),
  ]
  const free = session.interrupts.take(count => (count > 1 ? atOnce() : interrupted()))
  session.err.stream.once('error', interrupted) // its terminal was closed

  const link = serving.link()
  if (session.json) session.out.line(asJson({ type: 'serving', address: serving.address, port: serving.port, link }))
  else session.out.lines(welcome(session, { link, port: serving.port, remote: remote !== undefined, detached: false }))
  await Promise.race([first, serving.asked])
  if (serving.app.opened?.operations.running()) {
    session.say(
      'Waiting for running operations to finish. Ctrl+C again interrupts them; they continue at the next start.',
    )
    if (await Promise.race([serving.app.finish(false), left.then(() => true)])) throw interruption()
  }
  await serving.close()
  free()
  return { data: { port: serving.port } }
}

/** If the workspace is being served already: the way in, instead of a second server. */
async function alreadyServed(session: CommandSession): Promise<Result | undefined> {
  const { workspace } = session.options
  const wanted = workspace === undefined ? await lastOpened(await session.data()) : absolute(workspace)
  const path = wanted && (await realpath(wanted).catch(() => undefined))
  const running = path === undefined ? [] : await servers(session)
  try {
    const there = running.find(it => it.status.workspace === path)
    if (!there) return undefined
    const { pid, address, port } = there.status
    const { link } = await there.connection.client.serve.link.mutate()
    const remote = !['127.0.0.1', '::1'].includes(address)
    return {
      exit: exitCodes.refused,
      data: { pid, address, port, link },
      lines: welcome(session, { link, port, remote, detached: true }),
      problem: {
        code: 'workspace-locked',
        message: 'This workspace is being served already.',
        cause: `By process ${pid}, at ${hostOf({ address, port })}.`,
        hint: 'Open the link in a browser. It works once, within an hour.',
        action: 'sign-in-link',
        workspace: path,
      },
    }
  } finally {
    await closed(running)
  }
}

const closed = async (running: readonly Running[]): Promise<void> => {
  await Promise.all(running.map(it => it.connection.close()))
}

async function status(session: CommandSession): Promise<Result> {
  const running = await servers(session)
  await closed(running)
  const data = running.map(it => it.status)
  if (data.length === 0) return { exit: exitCodes.failed, data, problem: nothingServed }
  return {
    data,
    lines: table<ServeStatus>(
      [
        { title: 'Address', text: it => `${it.address}:${it.port}` },
        { title: 'Browsers', right: true, text: it => String(it.sessions) },
        { title: 'Process', right: true, text: it => String(it.pid) },
        { title: 'Since', text: it => it.since.slice(0, 19).replace('T', ' ') },
        { title: 'Workspace', text: it => cleanLine(it.workspace ?? '–') },
      ],
      data,
      text => session.out.paint('dim', text),
    ),
  }
}

async function links(session: CommandSession, port?: number): Promise<Result> {
  const running = await servers(session, port)
  try {
    if (running.length === 0) throw notServed()
    const data = await Promise.all(running.map(it => it.connection.client.serve.link.mutate()))
    return { data, lines: data.map(it => it.link) }
  } finally {
    await closed(running)
  }
}

async function stop(session: CommandSession, port?: number): Promise<Result> {
  const running = await servers(session, port)
  if (running.length === 0) throw notServed()
  if (running.length > 1) {
    await closed(running)
    throw wrongUsage(
      `Which server? They are running on ports ${running.map(it => it.status.port).join(', ')}.`,
      'Add --port.',
    )
  }
  // A server may exit before its answer arrives; whether it has stopped is checked below.
  await Promise.all(running.map(it => it.connection.client.serve.stop.mutate().catch(() => undefined)))
  await closed(running)
  const pids = running.map(it => it.status.pid)
  await session.whileWatched(async signal => {
    const ended = async (): Promise<boolean> => !(await Promise.all(pids.map(isAlive))).some(Boolean)
    if (await waitFor(ended, { timeout: 3000, signal })) return
    session.say('Waiting for running operations to finish.')
    await waitFor(ended, { signal })
  })
  return { data: { stopped: pids }, lines: ['Stopped.'] }
}

const nothingServed: Problem = {
  code: 'not-serving',
  message: 'No pages are being served.',
  hint: 'Start with “instance-manager serve” or “instance-manager serve --detach”.',
}
const notServed = () => refused(nothingServed)
