/** What the operator should know first: no database, trouble with PM2, processes it lost, instances that are down. */
import { Button } from '@mantine/core'
import { IconPlugConnectedX } from '@tabler/icons-react'
import { useState } from 'react'
import { restartJob } from '../../../shared/jobs/lifecycle'
import {
  missingService,
  serviceTitle,
  type InfrastructureStatus,
  type ServiceStatus,
} from '../../../shared/infrastructure'
import type { LostProcess } from '../../../shared/instance'
import { cutOff } from '../../../shared/jobs/infrastructure'
import { count, enumerate } from '../../../shared/amounts'
import { useInfrastructure, useInstances } from '../app/live'
import { notifyProblem } from '../app/notify'
import { ProblemView } from '../app/problem'
import { useTRPCClient } from '../app/trpc'
import { LowSpace } from '../space/disk'
import type { ShownInstance } from './arrange'
import { useJobs } from '../jobs/jobs'
import { noInstances } from '../jobs/start'
import { Banner } from './banner'
import { Down } from './down'
import { ProcessManagerOutdated } from './process-manager'
import { UnseenPasswords } from './unseen-passwords'

export function Banners({
  shown,
  onChoose,
}: {
  shown: readonly ShownInstance[]
  onChoose: (names: readonly string[]) => void
}) {
  const { data } = useInstances()
  if (!data)
    return (
      <>
        <LowSpace />
        <InfrastructureDown />
      </>
    )
  const resting = shown.filter(isResting)
  const lost = data.lost.filter(it => resting.some(({ instance }) => instance.name === it.name))
  const down = resting.filter(({ instance }) => data.down.includes(instance.name))
  return (
    <>
      <LowSpace />
      <InfrastructureDown />
      {data.processProblem && <ProblemView problem={data.processProblem} />}
      {data.outdatedPm2 && <ProcessManagerOutdated outdated={data.outdatedPm2} />}
      {lost.length > 0 && <Lost lost={lost} />}
      {down.length > 0 && <Down key={down.map(it => it.instance.name).join()} down={down} onChoose={onChoose} />}
      <UnseenPasswords />
    </>
  )
}

/** No job on it is in progress, and PM2 knows its state. */
export const isResting = ({ status: { group } }: ShownInstance): boolean => group !== 'busy' && group !== 'unknown'

/** Shown first: instances without their database. */
export function InfrastructureDown() {
  const { data } = useInfrastructure()
  const list = useInstances().data ?? noInstances
  const down = data && downOf(data)
  if (!down) return null
  if (down.problem) return <ProblemView problem={down.problem} quiet />
  const cut = cutOff(list, down.name).length
  return (
    <ProblemView
      tone="warn"
      quiet
      problem={{
        code: 'infrastructure-stopped',
        message: `${serviceTitle[down.name]} isn’t running.`,
        cause: `${cut === 1 ? 'The instance that is running' : cut ? `The ${cut} instances that are running` : 'Instances'} can’t reach ${cut === 1 ? 'its database' : 'their databases'}, and none can be created.`,
        action: 'start-infrastructure',
      }}
    />
  )
}

/** The service without which instances have no database, or none can be created. */
function downOf(status: InfrastructureStatus): ServiceStatus | undefined {
  const { postgres, pooled } = status
  if (postgres.state !== 'running' && postgres.state !== 'starting') return postgres
  return missingService(status, pooled)
}

function Lost({ lost }: { lost: readonly LostProcess[] }) {
  const client = useTRPCClient()
  const { bulk } = useJobs()
  const [ending, setEnding] = useState(false)
  const names = lost.map(it => it.name)
  const many = names.length > 1
  const end = (): void => {
    setEnding(true)
    Promise.all(names.map(name => client.instances.endLost.mutate({ name })))
      .catch(notifyProblem)
      .finally(() => setEnding(false))
  }
  return (
    <Banner
      tone="warn"
      icon={<IconPlugConnectedX size={20} aria-hidden />}
      text={`PM2 was restarted; ${many ? `${count(names.length, 'instance')} are still running` : 'one instance is still running'} without it.`}
      detail={`${enumerate(lost.map(it => `${it.name} (pid ${it.pid})`))}. Taking over restarts ${many ? 'them' : 'it'}, so that PM2 manages ${many ? 'them' : 'it'} again.`}
    >
      <Button size="xs" variant="default" onClick={end} loading={ending}>
        {many ? 'Stop them' : 'Stop it'}
      </Button>
      <Button size="xs" onClick={() => bulk(restartJob.kind, names)}>
        Take over
      </Button>
    </Banner>
  )
}
