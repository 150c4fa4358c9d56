/** The health report: what is wrong first, each with what fixes it; then what was checked. */
import { Button, Progress } from '@mantine/core'
import { IconRefresh, IconTool } from '@tabler/icons-react'
import { countOf, isWrong, reportText, safeFixes, summary, type Examined } from '../../../shared/doctor'
import { CopyButton } from '../app/copy-button'
import { useApp } from '../app/live'
import { BackLink, Page, Section } from '../app/page'
import { ProblemView } from '../app/problem'
import { Status } from '../app/status'
import { pageOf } from '../instances/page-of'
import { useExamination, type Examination } from './examination'
import { Findings } from './findings'
import { useFixing } from './fixing'
import { ReportTable } from './report-table'
import classes from './health.module.css'

/** @param name from the address; absent: all instances */
export function HealthScreen({ name }: { name: string | undefined }) {
  const { version } = useApp()
  const examination = useExamination(name)
  const { found, progress, problem, again } = examination
  const { fix, requests, problems } = useFixing(again)
  const busy = progress !== undefined || requests.length > 0
  const safe = safeFixes(found)
  const actions = (
    <>
      <Button variant="default" leftSection={<IconRefresh size={16} aria-hidden />} onClick={again} disabled={busy}>
        Check again
      </Button>
      {safe.length > 0 && (
        <Button
          leftSection={<IconTool size={16} aria-hidden />}
          onClick={() => fix(safe)}
          disabled={progress !== undefined}
          loading={requests.length > 1 || (requests.length === 1 && safe.length === 1)}
        >
          Apply all safe fixes
        </Button>
      )}
    </>
  )
  const wrong = only(found, 'wrong')
  const unchecked = only(found, 'unchecked')
  return (
    <Page
      title={name === undefined ? 'Health report' : `Health of ${name}`}
      above={name !== undefined && <BackLink href={pageOf(name)}>{name}</BackLink>}
      lead="Processes, ports, databases and files. A check changes nothing."
      actions={actions}
    >
      {problem && <ProblemView problem={problem} onRetry={again} />}
      {problems.map(it => (
        <ProblemView key={`${it.code} ${it.message}`} problem={it} />
      ))}
      {!problem && <Verdict examination={examination} version={version} />}
      {wrong.length > 0 && (
        <Section title="Problems">
          <Findings
            found={wrong}
            fixing={requests}
            onFix={it => fix([it])}
            disabled={busy}
            named={name === undefined}
          />
        </Section>
      )}
      {unchecked.length > 0 && (
        <Section title="Couldn’t be checked">
          <Findings found={unchecked} fixing={[]} onFix={() => undefined} disabled named={name === undefined} />
        </Section>
      )}
      {found.length > 0 && (
        <Section title="Checks">
          <ReportTable found={found} one={name !== undefined} />
        </Section>
      )}
    </Page>
  )
}

/** The reports with only these findings. */
const only = (found: readonly Examined[], is: 'wrong' | 'unchecked'): Examined[] =>
  found
    .map(it => ({ ...it, findings: it.findings.filter(finding => finding.is === is) }))
    .filter(it => it.findings.length > 0)

/** In one line; while it runs, how far it has got. */
function Verdict({ examination: { found, progress, at }, version }: { examination: Examination; version: string }) {
  if (progress)
    return (
      <div className={`card ${classes.verdict}`} role="status">
        <Status tone="busy">Checking{progress.of > 1 ? ` ${progress.done} of ${progress.of}` : ''}…</Status>
        <Progress
          value={progress.of === 0 ? 0 : (progress.done / progress.of) * 100}
          aria-label="Progress of the checks"
          className={classes.progress}
        />
      </div>
    )
  const tone = found.some(it => it.findings.some(isWrong)) ? 'bad' : countOf(found, 'unchecked') > 0 ? 'warn' : 'good'
  return (
    <div className={`card ${classes.verdict}`}>
      <div role="status" className={classes.summary}>
        <Status tone={tone}>{summary(found)}</Status>
      </div>
      <span className={`dimmed ${classes.passed}`}>{countOf(found, 'good')} checks passed</span>
      {at && <CopyButton value={reportText(found, { version, at })} label="the report" word />}
    </div>
  )
}
