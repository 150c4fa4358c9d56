/** What came of a job on many: how many are done, which are not and why. */
import { Anchor, Button, CloseButton, Loader } from '@mantine/core'
import { IconAlertTriangleFilled, IconCircleCheckFilled } from '@tabler/icons-react'
import { Link } from 'wouter'
import { ProblemView } from '../app/problem'
import { useJobs, type BulkReport } from './jobs'
import classes from './list.module.css'

const past = { start: 'Started', stop: 'Stopped', restart: 'Restarted' } as const
const present = { start: 'Starting', stop: 'Stopping', restart: 'Restarting' } as const

export function BulkReportPanel() {
  const { report, dismissReport } = useJobs()
  if (!report) return null
  if (report.problem) return <ProblemView problem={report.problem}><Button size="xs" variant="default" onClick={dismissReport}>Dismiss</Button></ProblemView>
  const failed = report.results?.filter(it => it.problem) ?? []
  const unfinished = failed.length + report.skipped.length
  return (
    <section className={`card ${classes.report}`} aria-label="What came of it">
      <div className={classes.reportHead}>
        <p role="status">
          {!report.results ? <Loader size={18} aria-hidden /> : unfinished ? <IconAlertTriangleFilled size={20} color="var(--warn)" aria-hidden /> : <IconCircleCheckFilled size={20} color="var(--good)" aria-hidden />}
          {headline(report)}
        </p>
        {report.results && <CloseButton aria-label="Dismiss" onClick={dismissReport} />}
      </div>
      {report.results && unfinished > 0 && (
        <ul className={classes.results} tabIndex={0} aria-label="Not done">
          {failed.map(it => <Failure key={it.name} result={it} />)}
          {report.skipped.map(({ name, reason }) => <li key={name}><span className={classes.resultName} title={name}>{name}</span><span className="dimmed">Skipped: {reason}.</span></li>)}
        </ul>
      )}
    </section>
  )
}

function Failure({ result: { name, problem, operation } }: { result: NonNullable<BulkReport['results']>[number] }) {
  const { switchTo } = useJobs()
  const skipped = problem?.code === 'port-in-use'
  return (
    <li>
      <span className={classes.resultName} title={name}>{name}</span>
      <span className={classes.reason}>{skipped ? 'Skipped: ' : ''}{[problem?.message, problem?.cause].filter(Boolean).join(' ')}</span>
      {problem?.action === 'stop-other' && <Button size="compact-xs" variant="default" onClick={() => switchTo(name)} aria-label={`Start ${name} instead…`}>Start it instead…</Button>}
      {operation && <Anchor component={Link} href={`/operations/${operation}`} inherit aria-label={`Show what happened to ${name}`}>Show</Anchor>}
    </li>
  )
}

function headline({ action, names, results, skipped }: BulkReport): string {
  const total = names.length + skipped.length
  if (!results) return `${present[action]} ${names.length}…`
  const failed = results.filter(it => it.problem)
  const ports = failed.filter(it => it.problem?.code === 'port-in-use').length
  const parts = [
    `${past[action]} ${names.length - failed.length} of ${total}`,
    skipped.length + ports > 0 && `${skipped.length + ports} skipped`,
    failed.length - ports > 0 && `${failed.length - ports} failed`,
  ]
  return `${parts.filter(Boolean).join(', ')}.`
}
