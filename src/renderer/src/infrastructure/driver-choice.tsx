/** The choice of a driver, with the reason for or against each. */
import { Button, Radio, Skeleton } from '@mantine/core'
import { useMutation, useQuery } from '@tanstack/react-query'
import {
  driverTitle,
  type DriverKind,
  type DriverOption,
  type InfrastructureStatus,
} from '../../../shared/infrastructure'
import { Hint, ProblemView } from '../app/problem'
import { problemOf } from '../app/problem-of'
import { useTRPC } from '../app/trpc'
import classes from './infrastructure.module.css'

const descriptions: Record<DriverKind, string> = {
  podman: 'In containers, without a daemon.',
  docker: 'In containers.',
  embedded: 'As plain processes of this user, with nothing to install.',
}

export function DriverChoice({ infrastructure }: { infrastructure: InfrastructureStatus }) {
  const trpc = useTRPC()
  const options = useQuery(trpc.infrastructure.options.queryOptions())
  const choose = useMutation(trpc.infrastructure.choose.mutationOptions())
  const { reason, canChangeDriver } = infrastructure
  const driver = choose.isPending ? choose.variables.kind : infrastructure.driver
  const problem = choose.error ?? options.error
  return (
    <section id="driver-choice" tabIndex={-1} className={`card ${classes.drivers}`} aria-label="What runs the services">
      {problem && <ProblemView problem={problemOf(problem)} onRetry={() => void options.refetch()} />}
      {options.isPending && <Skeleton height={120} />}
      {options.data && (
        <Radio.Group value={driver} onChange={kind => choose.mutate({ kind })} aria-label="Run them with">
          <div className={classes.options}>
            {options.data.map(option => {
              const chosen = option.kind === driver
              const disabled = !option.available || (!canChangeDriver && !chosen) || choose.isPending
              return (
                <Radio.Card
                  key={option.kind}
                  value={option.kind}
                  disabled={disabled}
                  className={classes.option}
                  data-chosen={chosen || undefined}
                  aria-label={driverTitle[option.kind]}
                >
                  <Radio.Indicator disabled={disabled} />
                  <div>
                    <span className={classes.optionName}>{driverTitle[option.kind]}</span>
                    <span className="dimmed">{descriptions[option.kind]}</span>
                    <span className={classes.reason}>{chosen && !choose.isPending ? reason : option.reason}</span>
                  </div>
                </Radio.Card>
              )
            })}
          </div>
        </Radio.Group>
      )}
      {options.data && (
        <Mending
          options={options.data.filter(it => canChangeDriver || it.kind === driver)}
          onCheck={() => void options.refetch()}
          checking={options.isFetching}
        />
      )}
      {!canChangeDriver && (
        <p className="dimmed">
          The driver can’t be changed once there are instances, because it holds their databases.
        </p>
      )}
    </section>
  )
}

/** How to make the other drivers work. One container engine is enough: another needn't be installed. */
function Mending({
  options,
  onCheck,
  checking,
}: {
  options: readonly DriverOption[]
  onCheck: () => void
  checking: boolean
}) {
  const engineWorks = options.some(it => it.available && it.kind !== 'embedded')
  const failing = options.flatMap(({ kind, problem }) =>
    problem && !(engineWorks && problem.code === 'engine-missing') ? [{ kind, problem }] : [],
  )
  if (failing.length === 0) return null
  return (
    <div className={classes.mending}>
      <dl>
        {failing.map(({ kind, problem }) => (
          <div key={kind}>
            <dt>To use {driverTitle[kind]}</dt>
            <dd>
              {problem.cause} <Hint text={problem.hint ?? ''} />
            </dd>
          </div>
        ))}
      </dl>
      <Button size="xs" variant="default" onClick={onCheck} loading={checking}>
        Check again
      </Button>
    </div>
  )
}
