/** An instance's database and folders. */
import type { ReactNode } from 'react'
import type { InstanceDetails } from '../../../shared/instance'
import { bytes } from '../../../shared/amounts'
import { CopyButton } from '../app/copy-button'
import { Status } from '../app/status'
import classes from './instance.module.css'

export function DatabaseFacts({ database: { name, role, host, port, directPort, pooled }, size }: { database: InstanceDetails['database']; size: number | undefined }) {
  return (
    <dl className={`card ${classes.pairs}`}>
      <Pair word="Database"><span className="mono">{name}</span><CopyButton value={name} label="database name" /></Pair>
      <Pair word="Role"><span className="mono">{role}</span><CopyButton value={role} label="role" /></Pair>
      <Pair word="Size">{size === undefined ? <span className="dimmed">known once PostgreSQL runs</span> : bytes(size)}</Pair>
      <Pair word="Connects">{pooled
        ? <span>Pooled, through PgBouncer</span>
        : <Status tone="warn">Not pooled: directly to PostgreSQL</Status>}</Pair>
      {pooled && <Pair word="Pooled"><span className="mono">{host}:{port}</span></Pair>}
      <Pair word="Direct"><span className="mono">{host}:{directPort}</span></Pair>
    </dl>
  )
}

export function Paths({ details: { paths, logs } }: { details: InstanceDetails }) {
  return (
    <dl className={`card ${classes.pairs}`}>
      <Path word="Folder" path={paths.folder} />
      <Path word="Server" path={paths.server} />
      <Path word="Uploads" path={paths.uploads} />
      {logs.map(({ path, bytes: size }) => <Path key={path} word={`Log, ${bytes(size)}`} path={path} />)}
    </dl>
  )
}

const Pair = ({ word, children }: { word: string; children: ReactNode }) => <div><dt>{word}</dt><dd>{children}</dd></div>
const Path = ({ word, path }: { word: string; path: string }) => (
  <Pair word={word}><span className={`mono ${classes.path}`} title={path}>{path}</span><CopyButton value={path} label="path" /></Pair>
)
