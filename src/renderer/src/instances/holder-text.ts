/** Who has a port, in words. */
import type { PortHolder } from '../../../shared/instance'

export function holderText(holder: PortHolder): string {
  switch (holder.type) {
    case 'instance': return `Instance ‘${holder.name}’ has it (${holder.running ? 'running' : 'not running'}).`
    case 'operation': return `An open job on ‘${holder.subject}’ has it.`
    case 'process': return `${holder.program ?? 'A program'}${holder.pid ? ` (pid ${holder.pid})` : ''} listens on it.`
  }
}
