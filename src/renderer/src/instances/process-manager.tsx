/** Shown while PM2's daemon is an older version's than the app's, e.g. after an upgrade. */
import { Button } from '@mantine/core'
import { IconRefresh } from '@tabler/icons-react'
import { useQuery } from '@tanstack/react-query'
import { enumerate } from '../../../shared/amounts'
import { outdatedWords, type OutdatedPm2 } from '../../../shared/outdated-pm2'
import { processManagerJob } from '../../../shared/jobs/process-manager'
import { isOpen } from '../../../shared/operation'
import { confirm } from '../app/confirm'
import { useOperations } from '../app/live'
import { notifyProblem } from '../app/notify'
import { useTRPC, useTRPCClient } from '../app/trpc'
import { Banner } from './banner'

export function ProcessManagerOutdated({ outdated }: { outdated: OutdatedPm2 }) {
  const client = useTRPCClient()
  const { operations } = useOperations()
  if (operations.some(it => it.kind === processManagerJob.kind && isOpen(it))) return null
  const restart = (): void => {
    client.operations.start.mutate({ kind: processManagerJob.kind }).catch(notifyProblem)
  }
  const ask = (): void =>
    confirm({
      title: 'Restart the process manager?',
      children: <Effects />,
      confirm: 'Restart it',
      cancel: 'Not now',
      calm: true,
      onConfirm: restart,
    })
  return (
    <Banner
      tone="info"
      icon={<IconRefresh size={20} aria-hidden />}
      text="Restart the process manager to use the new version."
      detail={outdatedWords(outdated)}
    >
      <Button size="xs" variant="default" onClick={ask}>
        Restart…
      </Button>
    </Banner>
  )
}

function Effects() {
  const trpc = useTRPC()
  const { data: unfit = [] } = useQuery(trpc.instances.unfitToRestart.queryOptions(undefined, { staleTime: 0 }))
  return (
    <>
      Running instances restart one after the other, so each is briefly unavailable. Other processes in PM2 restart too.
      What is stopped stays stopped.
      {unfit.length > 0 && (
        <p>
          {enumerate(unfit.map(it => `“${it}”`))} must first be rebuilt for the current version of Node.js. Until then,{' '}
          {unfit.length === 1 ? 'it keeps' : 'they keep'} running under the old process manager.
        </p>
      )}
    </>
  )
}
