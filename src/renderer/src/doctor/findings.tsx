/** Findings one below the other: which check, whose, why, and the button that fixes it. */
import { Anchor, Button } from '@mantine/core'
import { Link } from 'wouter'
import { checks, sharedTitle, type Examined, type Finding, type Fix } from '../../../shared/doctor'
import type { StartRequest } from '../../../shared/jobs'
import { confirm } from '../app/confirm'
import { StatusIcon } from '../app/status'
import { pageOf } from '../instances/page-of'
import classes from './health.module.css'

interface FindingsProps {
  found: readonly Examined[]
  /** Fixes in progress. */
  fixing: readonly StartRequest[]
  onFix: (request: StartRequest) => void
  disabled: boolean
  /** Whether to say whose each is. */
  named: boolean
}

export function Findings({ found, fixing, onFix, disabled, named }: FindingsProps) {
  return (
    <ul className={`card ${classes.findings}`}>
      {found.flatMap(({ name, findings }) =>
        findings.map(it => (
          <li key={`${name ?? ''}/${it.check}`}>
            <StatusIcon tone={it.is === 'wrong' ? 'bad' : 'unknown'} />
            <div className={classes.finding}>
              <p className={classes.what}>
                {named && <Whose name={name} />}
                {checks[it.check].title}
              </p>
              <Why finding={it} />
            </div>
            {it.is === 'wrong' && it.fix && (
              <FixButton
                fix={it.fix}
                of={name ?? sharedTitle}
                disabled={disabled}
                loading={fixing.some(other => isSame(other, it.fix?.request))}
                onFix={onFix}
              />
            )}
          </li>
        )),
      )}
    </ul>
  )
}

const isSame = (a: StartRequest, b: StartRequest | undefined): boolean => JSON.stringify(a) === JSON.stringify(b)

function Whose({ name }: { name: string | undefined }) {
  if (name === undefined) return <span>{sharedTitle}: </span>
  return (
    <>
      <Anchor component={Link} href={pageOf(name)} inherit underline="always">
        {name}
      </Anchor>
      {': '}
    </>
  )
}

function Why({ finding }: { finding: Finding }) {
  if (finding.is === 'good') return null
  return (
    <>
      <p>{finding.because}</p>
      {finding.is === 'wrong' && finding.hint && <p className="dimmed">{finding.hint}</p>}
    </>
  )
}

interface FixButtonProps {
  fix: Fix
  /** Whose finding it is, for screen readers. */
  of: string
  disabled: boolean
  loading: boolean
  onFix: (request: StartRequest) => void
}

/** One that costs something asks first. */
function FixButton({ fix: { label, request, warning }, of, disabled, loading, onFix }: FixButtonProps) {
  const act = (): void => {
    if (warning === undefined) return onFix(request)
    confirm({
      title: `${label}?`,
      children: warning,
      confirm: label,
      cancel: 'Cancel',
      calm: true,
      onConfirm: () => onFix(request),
    })
  }
  const text = warning === undefined ? label : `${label}…`
  return (
    <Button
      size="xs"
      variant="default"
      className={classes.fix}
      onClick={act}
      disabled={disabled && !loading}
      loading={loading}
      aria-label={`${text} (${of})`}
    >
      {text}
    </Button>
  )
}
