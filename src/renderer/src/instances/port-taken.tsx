/** Says what occupies a port, with ways to deal with it. */
import { IconAlertTriangle } from '@tabler/icons-react'
import type { ReactNode } from 'react'
import type { PortHolder } from '../../../shared/instance'
import classes from './port-taken.module.css'

export function PortTaken({
  port,
  holders,
  children,
}: {
  port: number | string
  holders: readonly PortHolder[]
  children: ReactNode
}) {
  return (
    <div className={classes.box}>
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
        {children}
      </div>
    </div>
  )
}

function textOf(holder: PortHolder): string {
  switch (holder.type) {
    case 'instance':
      return `It belongs to instance “${holder.name}” (${holder.running ? 'running' : 'not running'}).`
    case 'operation':
      return `It is reserved by an open job on “${holder.subject}”.`
    case 'process':
      return `${holder.program ?? 'A program'}${holder.pid ? ` (pid ${holder.pid})` : ''} is listening on it.`
  }
}
