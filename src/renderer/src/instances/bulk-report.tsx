/** The results of a job on many instances, during and after it: how many are done, which aren't and why. */
import { Anchor, Button, CloseButton, Loader } from '@mantine/core'
import { IconAlertTriangleFilled, IconCircleCheckFilled } from '@tabler/icons-react'
import { Link } from 'wouter'
import { isMoving, isOpen, problemOf, type OperationState } from '../../../shared/operation'
import { capital } from '../../../shared/amounts'
import { resultsOf } from '../../../shared/jobs/many'
import { headline } from '../../../shared/jobs/words'
import type { Problem } from '../../../shared/problem'
import { useOperations } from '../app/live'
import { ProblemView } from '../app/problem'
import { Words } from '../app/words'
import { useJobs } from '../jobs/jobs'
import type { Asked } from '../jobs/report'
import classes from './list.module.css'

export function BulkReportPanel() {
  const { asked, dismissReport } = useJobs()
  const { operations } = useOperations()
  if (!asked) return null
  const operation = operations.find(it => it.id === asked.id)
  if (asked.id !== undefined && !operation) return null // it is no longer known
  const problem = asked.problem ?? (operation && problemOf(operation))
  if (problem) {
    return (
      <ProblemView problem={problem}>
        {operation && isOpen(operation) && (
          <Button size="xs" component={Link} href={`/operations/${operation.id}`}>
            Decide…
          </Button>
        )}
        <Button size="xs" variant="default" onClick={dismissReport}>
          Dismiss
        </Button>
      </ProblemView>
    )
  }
  const runs = operation ? isMoving(operation) : asked.count > 0
  const failed = operation
    ? resultsOf(operation)
        .flatMap(({ name, result }) =>
          result?.problem ? [{ name, problem: result.problem, operation: result.operation }] : [],
        )
        .toSorted((a, b) => Number(isLeftAlone(a.problem)) - Number(isLeftAlone(b.problem))) // the cause first
    : []
  const isClean = failed.length + asked.skipped.length === 0 && operation?.phase === 'succeeded'
  return (
    <section className={`card ${classes.report}`} aria-label="Result">
      <div className={classes.reportHead}>
        <p role="status">
          {runs ? (
            <Loader size={18} aria-hidden />
          ) : isClean ? (
            <IconCircleCheckFilled size={20} color="var(--good)" aria-hidden />
          ) : (
            <IconAlertTriangleFilled size={20} color="var(--warn)" aria-hidden />
          )}
          {operation?.phase === 'undoing'
            ? headline(operation)
            : runs
              ? running(asked, operation)
              : ended(asked, operation)}
        </p>
        <span className={classes.reportHead}>
          {operation && (
            <Anchor component={Link} href={`/operations/${operation.id}`} size="sm">
              Show steps
            </Anchor>
          )}
          {!runs && <CloseButton aria-label="Dismiss" onClick={dismissReport} />}
        </span>
      </div>
      {failed.length + asked.skipped.length > 0 && (
        <ul className={classes.results} tabIndex={0} aria-label="Failed or skipped">
          {failed.map(it => (
            <Failure key={it.name} {...it} />
          ))}
          {asked.skipped.map(({ name, reason }) => (
            <li key={name}>
              <span className={classes.resultName} title={name}>
                {name}
              </span>
              <span className="dimmed">Skipped: {reason}.</span>
            </li>
          ))}
        </ul>
      )}
    </section>
  )
}

function Failure({
  name,
  problem,
  operation,
}: {
  readonly name: string
  readonly problem: Problem
  readonly operation: string | undefined
}) {
  const { switchTo } = useJobs()
  const skipped = isPassedOver(problem)
  return (
    <li>
      <span className={classes.resultName} title={name}>
        {name}
      </span>
      <span className={classes.reason}>
        {skipped ? 'Skipped: ' : ''}
        <Words text={[problem.message, problem.cause].filter(Boolean).join(' ')} />
      </span>
      {problem.action === 'stop-other' && (
        <Button
          size="compact-xs"
          variant="default"
          onClick={() => switchTo(name)}
          aria-label={`Start ${name} instead…`}
        >
          Start it instead…
        </Button>
      )}
      {operation !== undefined && (
        <Anchor component={Link} href={`/operations/${operation}`} inherit aria-label={`Show what happened to ${name}`}>
          Show
        </Anchor>
      )}
    </li>
  )
}

const isPassedOver = ({ code }: Problem): boolean => code === 'port-in-use' || code === 'operation-open'
const isLeftAlone = ({ code }: Problem): boolean => code === 'left-alone'

function running({ doing, count }: Asked, operation: OperationState | undefined): string {
  const done = operation ? resultsOf(operation).filter(it => it.result).length : 0
  return `${doing} ${count}${done > 0 ? `, ${done} done` : ''}…`
}

function ended({ done, count, skipped }: Asked, operation: OperationState | undefined): string {
  const results = operation ? resultsOf(operation) : []
  const problems = results.flatMap(it => it.result?.problem ?? [])
  const passed = problems.filter(it => isPassedOver(it)).length
  const alone = problems.filter(it => isLeftAlone(it)).length
  const left = results.filter(it => !it.result)
  const unfinished = left.filter(it => it.begun).length
  const untouched = alone + left.length - unfinished
  const parts = [
    `${capital(done)} ${results.length - problems.length - left.length} of ${count + skipped.length}`,
    skipped.length + passed > 0 && `${skipped.length + passed} skipped`,
    problems.length > passed + alone && `${problems.length - passed - alone} failed`,
    untouched > 0 && `${untouched} left alone`,
    unfinished > 0 && `${unfinished} in progress when it was cancelled`,
  ]
  return `${parts.filter(Boolean).join(', ')}.`
}
