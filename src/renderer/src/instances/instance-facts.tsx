/** Facts about an instance's database, process and folders. */
import { Button } from '@mantine/core'
import { useMutation, useQuery } from '@tanstack/react-query'
import type { ReactNode } from 'react'
import type { InstanceDetails, InstanceView } from '../../../shared/instance'
import { bytes, count, uncapital } from '../../../shared/amounts'
import { limitNames, limitText, wordsOfLimit } from '../../../shared/limits'
import { shellWord } from '../../../shared/shell-word'
import { CopyButton } from '../app/copy-button'
import { useApp } from '../app/live'
import { notifyProblem } from '../app/notify'
import { Status } from '../app/status'
import { useTRPC } from '../app/trpc'
import { bootTimeDialog, limitsDialog } from '../jobs/faces'
import { about, useJobs } from '../jobs/jobs'
import classes from './instance.module.css'

export function DatabaseFacts({
  details: {
    name: instance,
    database: { name, role, host, port, directPort, pooled },
    limits: { limits, own },
  },
  size,
  foreign,
}: {
  details: InstanceDetails
  size: number | undefined
  foreign: boolean
}) {
  const { ask } = useJobs()
  const psql = `psql ${['-h', host, '-p', String(directPort), '-U', role, '-d', name].map(shellWord).join(' ')}`
  return (
    <dl className={`card ${classes.pairs}`}>
      <Pair word="Database">
        <span className="mono">{name}</span>
        <CopyButton value={name} label="database name" />
      </Pair>
      <Pair word="Role">
        <span className="mono">{role}</span>
        <CopyButton value={role} label="role" />
      </Pair>
      <Pair word="Size">
        {size === undefined ? <span className="dimmed">known once PostgreSQL is running</span> : bytes(size)}
      </Pair>
      <Pair word="Connects">
        {pooled ? (
          <span>Pooled, through PgBouncer</span>
        ) : (
          <Status tone="warn">Not pooled: directly to PostgreSQL</Status>
        )}
      </Pair>
      {pooled && (
        <Pair word="Pooled">
          <span className="mono">
            {host}:{port}
          </span>
        </Pair>
      )}
      <Pair word="Direct">
        <span className="mono">
          {host}:{directPort}
        </span>
      </Pair>
      <Pair word="Command">
        <span className={`mono ${classes.path}`}>{psql}</span>
        <CopyButton value={psql} label="command" />
      </Pair>
      <Pair word="Limits">
        <span>
          {limits.connections} connections, a pool of {limits.pool}
          {limitNames
            .filter(it => wordsOfLimit(it).open && limits[it] !== undefined)
            .map(it => `, ${uncapital(wordsOfLimit(it).title)} ${limitText(it, limits[it])}`)}
          {Object.keys(own).length === 0 && <span className="dimmed">, the defaults</span>}
        </span>
        {!foreign && (
          <Button
            size="compact-xs"
            variant="subtle"
            aria-label="Change the limits…"
            onClick={() => ask(about(limitsDialog, instance))}
          >
            Change…
          </Button>
        )}
      </Pair>
    </dl>
  )
}

/** The user it runs as, and the addresses it listens on. */
export function ProcessFacts({
  details: { user, env, boot },
  instance: { name, port, isolated, seamless, foreign },
}: {
  details: InstanceDetails
  instance: InstanceView
}) {
  const { root } = useApp()
  const { ask } = useJobs()
  const host = env.find(it => it.key === 'HOST')?.value
  const reach =
    host === '127.0.0.1' || host === 'localhost'
      ? ', for this machine only'
      : host === '0.0.0.0'
        ? ', for other machines too'
        : ''
  return (
    <dl className={`card ${classes.pairs}`}>
      <Pair word="Runs as">
        {isolated ? (
          <span>
            <span className="mono">{user}</span>
            <span className="dimmed">, its own system user</span>
          </span>
        ) : (
          <Status tone={root ? 'warn' : 'idle'}>
            <span className="mono">{user}</span>, which can read other instances’ files
          </Status>
        )}
      </Pair>
      <Pair word="Rebuilds">
        {seamless ? (
          <span>
            Seamless<span className="dimmed">: PM2’s daemon holds the port</span>
          </span>
        ) : (
          <span className="dimmed">With a restart</span>
        )}
      </Pair>
      <Pair word="Boot time">
        <span>
          Up to {boot.seconds} s{!boot.own && <span className="dimmed">, the default</span>}
        </span>
        {!foreign && (
          <Button
            size="compact-xs"
            variant="subtle"
            aria-label="Change the boot time…"
            onClick={() => ask(about(bootTimeDialog, name))}
          >
            Change…
          </Button>
        )}
      </Pair>
      <Pair word="Listens on">
        <span>
          <span className="mono">{host ? `${host}:${port}` : port}</span>
          <span className="dimmed">{reach}</span>
        </span>
      </Pair>
    </dl>
  )
}

export function Paths({ details: { name, paths, logs } }: { details: InstanceDetails }) {
  const trpc = useTRPC()
  const { desktop } = useApp()
  const usage = useQuery(trpc.logs.usage.queryOptions({ name }))
  const open = useMutation(trpc.app.openFolder.mutationOptions({ onError: notifyProblem }))
  return (
    <dl className={`card ${classes.pairs}`}>
      <Path word="Folder" path={paths.folder}>
        {desktop && (
          <>
            <Button
              size="compact-xs"
              variant="subtle"
              aria-label="Open the folder"
              onClick={() => open.mutate({ name, where: 'file manager' })}
            >
              Open
            </Button>
            <Button
              size="compact-xs"
              variant="subtle"
              aria-label="Open a terminal in the folder"
              onClick={() => open.mutate({ name, where: 'terminal' })}
            >
              Terminal
            </Button>
          </>
        )}
      </Path>
      <Path word="Server" path={paths.server} />
      <Path word="Uploads" path={paths.uploads} />
      {logs.map(({ path, bytes: size }) => (
        <Path key={path} word={`Log, ${bytes(size)}`} path={path} />
      ))}
      {usage.data && (
        <Pair word="All its logs">
          <span>
            {bytes(usage.data.bytes)} on disk,{' '}
            {usage.data.archives === 0 ? 'nothing archived yet' : count(usage.data.archives, 'archive')}
          </span>
          {usage.data.problem && <Status tone="warn">{usage.data.problem.message}</Status>}
        </Pair>
      )}
    </dl>
  )
}

const Pair = ({ word, children }: { word: string; children: ReactNode }) => (
  <div>
    <dt>{word}</dt>
    <dd>{children}</dd>
  </div>
)
const Path = ({ word, path, children }: { word: string; path: string; children?: ReactNode }) => (
  <Pair word={word}>
    <span className={`mono ${classes.path}`} title={path}>
      {path}
    </span>
    <CopyButton value={path} label="path" />
    {children}
  </Pair>
)
