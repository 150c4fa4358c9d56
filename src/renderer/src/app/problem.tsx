/** How a Problem looks everywhere: what happened, why, what to do now, and a button that does it. */
import { Button, Collapse, UnstyledButton } from '@mantine/core'
import { IconAlertTriangle, IconCircleX, IconChevronRight } from '@tabler/icons-react'
import { useMutation } from '@tanstack/react-query'
import { useId, useState, type ReactNode } from 'react'
import { useLocation } from 'wouter'
import type { Problem } from '../../../shared/problem'
import { CopyButton } from './copy-button'
import { problemOf } from './problem-of'
import { useTRPC } from './trpc'
import classes from './problem.module.css'

interface ProblemProps {
  problem: Problem
  /** What "Try again" does; without it the button is not shown. */
  onRetry?: () => void
  retrying?: boolean
  /** A warning works but wants attention. */
  tone?: 'bad' | 'warn'
  /** It was there already: not announced as news. */
  quiet?: boolean
  /** More buttons beside the problem's own. */
  children?: ReactNode
}

export function ProblemView({ problem, onRetry, retrying, tone = 'bad', quiet, children }: ProblemProps) {
  const waits = problem.action === 'keep-waiting'
  const Icon = tone === 'bad' ? IconCircleX : IconAlertTriangle
  const retry = onRetry && (
    <Button size="xs" variant={waits ? 'filled' : 'default'} onClick={onRetry} loading={retrying}>
      {waits ? 'Keep waiting' : 'Try again'}
    </Button>
  )
  const action = retry && waits ? null : <ProblemAction problem={problem} />
  return (
    <div
      className={classes.problem}
      data-tone={tone}
      role={quiet ? 'group' : 'alert'}
      aria-label={quiet ? problem.message : undefined}
    >
      <Icon size={20} className={classes.icon} aria-hidden />
      <div className={classes.body}>
        <p className={classes.message}>{problem.message}</p>
        {problem.cause && <p>{problem.cause}</p>}
        {problem.hint && (
          <p className={classes.hint}>
            <Hint text={problem.hint} />
          </p>
        )}
        <div className={classes.actions}>
          {action}
          {retry}
          {children}
        </div>
        <ProblemDetails problem={problem} />
      </div>
    </div>
  )
}

/** What is quoted and begins as a command is one: shown as such, and copied with a click. */
const command = /"((?:sudo|apt-get|dnf|npm|npx|podman|docker|pm2|systemctl|kill|chmod|chown) [^"]+)"/

function Hint({ text }: { text: string }) {
  return text.split(command).map((part, index) =>
    index % 2 ? (
      <span key={part} className={classes.command}>
        <code>{part}</code>
        <CopyButton value={part} label="command" />
      </span>
    ) : (
      part
    ),
  )
}

function ProblemDetails({ problem }: { problem: Problem }) {
  const [open, setOpen] = useState(false)
  const id = useId()
  if (!problem.details) return null
  const report = [problem.message, problem.cause, problem.hint, `Code: ${problem.code}`, '', problem.details]
    .filter(it => it !== undefined)
    .join('\n')
  return (
    <div className={classes.details}>
      <div className={classes.detailsHead}>
        <UnstyledButton
          className={classes.toggle}
          aria-expanded={open}
          aria-controls={id}
          onClick={() => setOpen(!open)}
        >
          <IconChevronRight size={14} aria-hidden data-open={open || undefined} />
          Details
        </UnstyledButton>
        {open && <CopyButton value={report} label="details" />}
      </div>
      <Collapse expanded={open} id={id} keepMounted={false}>
        <pre className={classes.pre} tabIndex={0} aria-label="Details">
          {problem.details}
        </pre>
      </Collapse>
    </div>
  )
}

/** The button that does what the problem asks for, where there is one that every screen can do. */
export function ProblemAction({ problem }: { problem: Problem }) {
  const [, navigate] = useLocation()
  const trpc = useTRPC()
  const start = useMutation(
    trpc.infrastructure.start.mutationOptions({ onSuccess: ({ id }) => navigate(`/operations/${id}`) }),
  )
  switch (problem.action) {
    case 'start-infrastructure':
      return (
        <>
          <Button size="xs" loading={start.isPending} onClick={() => start.mutate()}>
            Start the infrastructure
          </Button>
          {start.error && <span>{problemOf(start.error).message}</span>}
        </>
      )
    case 'choose-driver': {
      const choose = (): void => {
        const choice = document.getElementById('driver-choice') // DriverChoice, if it is on the screen already
        if (choice) choice.focus()
        else navigate('/infrastructure')
      }
      return (
        <Button size="xs" variant="default" onClick={choose}>
          Choose another driver
        </Button>
      )
    }
    case 'keep-waiting': // where its operation is not on the screen
    case 'open-activity':
      return (
        <Button size="xs" variant="default" onClick={() => navigate('/activity')}>
          Open Activity
        </Button>
      )
    case 'free-space':
      return (
        <Button size="xs" variant="default" onClick={() => navigate('/settings')}>
          See what can be freed
        </Button>
      )
    case 'stop-other':
    case 'retry':
    case 'use-npm-install':
    case undefined:
      return null
  }
}
