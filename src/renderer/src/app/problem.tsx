/** Shows a Problem: what happened, why, what to do now, and a button that does it. */
import { Button } from '@mantine/core'
import { IconAlertTriangle, IconCircleX } from '@tabler/icons-react'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import type { ReactNode } from 'react'
import { useLocation } from 'wouter'
import { infrastructureStartJob } from '../../../shared/jobs/infrastructure'
import { startJob } from '../../../shared/jobs/lifecycle'
import type { StartRequest } from '../../../shared/jobs'
import { waitsForDecision, type Problem } from '../../../shared/problem'
import { notTyped, startAsking } from '../jobs/start'
import { confirm } from './confirm'
import { CopyButton } from './copy-button'
import { Details } from './details'
import { problemOf } from './problem-of'
import { useTRPC, useTRPCClient } from './trpc'
import { WaysIn } from './ways-in'
import { Words } from './words'
import classes from './problem.module.css'

interface ProblemProps {
  problem: Problem
  /** What “Try again” does; without it there is no such button. */
  onRetry?: () => void
  retrying?: boolean
  /** Overrides what the Problem's action does. */
  does?: { label: string; run: () => void }
  /** `warn`: it works, but needs attention. */
  tone?: 'bad' | 'warn'
  /** Not announced to screen readers, because it isn't new. */
  quiet?: boolean
  /** Additional buttons. */
  children?: ReactNode
}

export function ProblemView({ problem, onRetry, retrying, does, tone = 'bad', quiet, children }: ProblemProps) {
  const waits = waitsForDecision(problem)
  const Icon = tone === 'bad' ? IconCircleX : IconAlertTriangle
  const retry = onRetry && (
    <Button size="xs" variant={waits ? 'filled' : 'default'} onClick={onRetry} loading={retrying}>
      {problem.action === 'keep-waiting'
        ? 'Keep waiting'
        : problem.action === 'test-again'
          ? 'Run the tests again'
          : 'Try again'}
    </Button>
  )
  const action = does ? (
    <Button size="xs" onClick={does.run}>
      {does.label}
    </Button>
  ) : retry && (waits || problem.action === 'retry') ? null : (
    <ProblemAction problem={problem} />
  )
  return (
    <div
      className={`toned ${classes.problem}`}
      data-tone={tone}
      role={quiet ? 'group' : 'alert'}
      aria-label={quiet ? problem.message : undefined}
    >
      <Icon size={20} className={classes.icon} aria-hidden />
      <div className={classes.body}>
        <p className={classes.message}>
          <Words text={problem.message} />
        </p>
        {problem.cause && (
          <p>
            <Words text={problem.cause} />
          </p>
        )}
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

/**
 * A quoted command, shown as code that a click copies, without the full stop that may follow it. Straight quotes occur
 * in older journals.
 */
const command = /[“"]((?:sudo|apt-get|dnf|npm|npx|podman|docker|pm2|systemctl|kill|chmod|chown) [^”"]+)[”"](?:\.$)?/

export function Hint({ text }: { text: string }) {
  return text.split(command).map((part, index) =>
    index % 2 ? (
      <span key={part} className={classes.command}>
        <code>{part}</code>
        <CopyButton value={part} label="command" />
      </span>
    ) : (
      <Words key={part} text={part} />
    ),
  )
}

function ProblemDetails({ problem }: { problem: Problem }) {
  if (!problem.details) return null
  const report = [problem.message, problem.cause, problem.hint, `Code: ${problem.code}`, '', problem.details]
  return <Details label="Details" text={problem.details} copied={report.filter(it => it !== undefined).join('\n')} />
}

/**
 * The button for the problem's action. Every action has one.
 * @param onStarted called when the job it starts has begun
 */
export function ProblemAction({ problem, onStarted }: { problem: Problem; onStarted?: () => void }) {
  const [, navigate] = useLocation()
  const trpc = useTRPC()
  const queries = useQueryClient()
  const client = useTRPCClient()
  const start = useMutation({
    mutationFn: (request: StartRequest) => startAsking(client, request),
    onSuccess: ({ id }) => {
      onStarted?.()
      navigate(`/operations/${id}`)
    },
  })
  const startInfrastructure = () => start.mutate({ kind: infrastructureStartJob.kind })
  const choose = useMutation(trpc.infrastructure.choose.mutationOptions({ onSuccess: startInfrastructure }))
  const autostart = useMutation(trpc.autostart.change.mutationOptions({ onSuccess: () => queries.invalidateQueries() }))
  const error = start.error ?? choose.error ?? autostart.error
  const button = (label: string, run: () => void, important = false) => (
    <>
      <Button
        size="xs"
        variant={important ? 'filled' : 'default'}
        loading={start.isPending || choose.isPending || autostart.isPending}
        onClick={run}
      >
        {label}
      </Button>
      {error && problemOf(error).code !== notTyped && <span>{problemOf(error).message}</span>}
    </>
  )
  const { workspace } = problem
  switch (problem.action) {
    case undefined:
      return null
    case 'show-here':
    case 'sign-in-link':
    case 'open-workspace':
      return workspace === undefined ? null : <WaysIn problem={problem} path={workspace} />
    case 'start-infrastructure':
      return button('Start the infrastructure', startInfrastructure, true)
    case 'new-data':
      return button('Start with empty data…', () =>
        confirm({
          title: 'Start with an empty PostgreSQL?',
          children: `${problem.message} A new one starts without them, so no instance works until its database is restored, or the instance is deleted and created again. If the old data may still exist, bring it back instead.`,
          confirm: 'Start with empty data',
          cancel: 'Cancel',
          onConfirm: () => start.mutate({ kind: infrastructureStartJob.kind, newData: true }),
        }),
      )
    case 'use-embedded':
      return button('Use Embedded instead', () => choose.mutate({ kind: 'embedded' }))
    case 'stop-other': {
      const name = problem.instance
      return name === undefined
        ? button('Open Instances', () => navigate('/instances'))
        : button(`Stop it and start ${name}…`, () =>
            confirm({
              title: `Start ${name} instead?`,
              children: `${problem.message} ${problem.cause ?? ''} It will be stopped, because only one of them can run at a time. If ${name} doesn’t start, it will be restarted.`,
              confirm: `Stop it and start ${name}`,
              cancel: 'Cancel',
              calm: true,
              onConfirm: () => start.mutate({ kind: startJob.kind, name, stopOther: true }),
            }),
          )
    }
    case 'choose-driver':
      return button('Choose another driver', () => {
        const choice = document.getElementById('driver-choice') // DriverChoice, if it is on this screen
        if (choice) {
          choice.scrollIntoView({ block: 'center' })
          choice.focus()
        } else navigate('/infrastructure')
      })
    case 'harden': // the screen shows the same warning, and asks first
      return button('Open Infrastructure', () => navigate('/infrastructure'))
    case 'free-space':
      return button('See what can be freed', () => navigate('/settings'))
    case 'autostart':
      return button('Set it up again', () => autostart.mutate({ on: true }), true)
    case 'retry': // where no operation is to be retried: what the screen shows is asked for again
      if (workspace !== undefined) return <WaysIn problem={problem} path={workspace} />
      return button('Try again', () => void queries.invalidateQueries())
    case 'use-npm-install':
    case 'keep-waiting': // if its operation isn't on this screen
    case 'test-again':
    case 'open-activity':
      return button('Open Activity', () => navigate('/activity'))
  }
}
