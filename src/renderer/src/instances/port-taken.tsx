/** Says what occupies a port, with ways to deal with it. */
import { Button } from '@mantine/core'
import { IconAlertTriangle } from '@tabler/icons-react'
import type { ReactNode } from 'react'
import { isOurs, type PortHolder } from '../../../shared/ports'
import classes from './port-taken.module.css'

export function PortTaken({
  port,
  holders: all,
  free,
  onUse,
  children,
}: {
  port: number | string
  holders: readonly PortHolder[]
  /** The next free port, if known. */
  free: number | undefined
  onUse: (port: number) => void
  /** Not shown for a port of our own, which nothing can share. */
  children: ReactNode
}) {
  const own = isOurs(all)
  const holders = own ? all.filter(it => it.type === 'own') : all
  return (
    <div className={`toned ${classes.box}`} data-tone="warn">
      <IconAlertTriangle size={20} aria-hidden />
      <div className={classes.body}>
        <p className={classes.title}>Port {port} is taken</p>
        {holders.length === 1 ? (
          holders.map(it => <p key={it.type}>{textOf(it)}</p>)
        ) : (
          <ul>
            {holders.map(it => (
              <li key={JSON.stringify(it)}>{textOf(it)}</li>
            ))}
          </ul>
        )}
        {!own && children}
        {own && free !== undefined && (
          <Button size="compact-sm" variant="default" w="fit-content" onClick={() => onUse(free)}>
            Use {free}, the next free port
          </Button>
        )}
      </div>
    </div>
  )
}

function textOf(holder: PortHolder): string {
  switch (holder.type) {
    case 'own':
      return `It belongs to ${holder.title}, so no instance can use it.`
    case 'instance':
      return `It belongs to instance “${holder.name}” (${holder.running ? 'running' : 'not running'}).`
    case 'operation':
      return `It is reserved by an open job on “${holder.subject}”.`
    case 'process':
      return `${holder.program ?? 'A program'}${holder.pid ? ` (pid ${holder.pid})` : ''} is listening on it.`
  }
}
