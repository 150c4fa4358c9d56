/** The choice of a driver, with the reason for or against each. */
import { Button, Radio, Skeleton } from '@mantine/core'
import { useMutation, useQuery } from '@tanstack/react-query'
import {
  driverTitle,
  whyDriver,
  type DriverKind,
  type DriverOption,
  type FormerPostgres,
  type InfrastructureStatus,
} from '../../../shared/infrastructure'
import { bytes } from '../../../shared/amounts'
import { Hint, ProblemView } from '../app/problem'
import { problemOf } from '../app/problem-of'
import { useTRPC } from '../app/trpc'
import { useInfrastructureSwitch, type InfrastructureSwitch } from './switch'
import classes from './infrastructure.module.css'

const descriptions: Record<DriverKind, string> = {
  podman: 'In containers, without a daemon.',
  docker: 'In containers.',
  embedded: 'As plain processes of this user, with nothing to install.',
}

/** If there are instances, choosing another driver moves their databases to it, after asking. */
export function DriverChoice({ infrastructure }: { infrastructure: InfrastructureStatus }) {
  const acts = useInfrastructureSwitch({ stay: true })
  const trpc = useTRPC()
  // While it is asked again, e.g. after a failed start, the last answer is shown.
  const options = useQuery(trpc.infrastructure.options.queryOptions(undefined, { gcTime: Infinity }))
  const choose = useMutation(trpc.infrastructure.choose.mutationOptions())
  const { canChangeDriver } = infrastructure
  const driver = choose.isPending ? choose.variables.kind : infrastructure.driver
  const problem = choose.error ?? options.error
  const choice = (value: string): void => {
    const kind = value as DriverKind
    if (canChangeDriver) choose.mutate({ kind })
    else acts.move(kind)
  }
  return (
    <section id="driver-choice" tabIndex={-1} className={`card ${classes.drivers}`} aria-label="What runs the services">
      {problem && <ProblemView problem={problemOf(problem)} onRetry={() => void options.refetch()} />}
      {options.isPending && <Skeleton height={120} />}
      {options.data && (
        <Radio.Group value={driver} onChange={choice} aria-label="Run them with">
          <div className={classes.options}>
            {options.data.map(option => {
              const chosen = option.kind === driver
              const disabled = !option.available || choose.isPending || (!chosen && acts.busy)
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
                    <span className={classes.reason}>
                      {chosen && !choose.isPending ? whyDriver(driver, options.data) : option.reason}
                    </span>
                  </div>
                </Radio.Card>
              )
            })}
          </div>
        </Radio.Group>
      )}
      {options.data && (
        <Remedies options={options.data} onCheck={() => void options.refetch()} checking={options.isFetching} />
      )}
      {acts.operation && <p className="dimmed">You can choose another driver once the current job has finished.</p>}
      {!canChangeDriver && (
        <p className="dimmed">
          The driver holds the instances’ databases. Choosing another one moves them there, after showing you what that
          involves.
        </p>
      )}
      {infrastructure.former && <Former former={infrastructure.former} acts={acts} />}
    </section>
  )
}

/** What the last move left behind. */
const Former = ({ former, acts }: { former: FormerPostgres; acts: InfrastructureSwitch }) => (
  <div className={classes.former}>
    <p>
      The PostgreSQL from before the last move is still kept: {former.version} under {driverTitle[former.driver]},{' '}
      {bytes(former.bytes)}, as of {new Date(former.at).toLocaleString('en')}.
    </p>
    <Button size="xs" variant="default" onClick={acts.removeFormer} disabled={acts.busy}>
      Remove…
    </Button>
  </div>
)

/** What would make drivers work that don't. One container engine is enough: another needn't be installed. */
function Remedies({
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
    <div className={classes.remedies}>
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
