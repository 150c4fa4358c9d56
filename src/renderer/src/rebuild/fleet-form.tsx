/** Rebuilds several instances: which one first, how many of the others at once, and what happens if one fails. */
import { Button, NumberInput, Select, Skeleton } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { useState, type FormEvent } from 'react'
import { enumerate } from '../../../shared/amounts'
import { canaryOf, defaultAtOnce, fleetJob, rebuildingWords } from '../../../shared/jobs/fleet'
import type { Problem } from '../../../shared/problem'
import type { ShownInstance } from '../instances/arrange'
import dialogs from '../instances/dialogs.module.css'
import { useJobs } from '../jobs/jobs'
import type { Skipped } from '../jobs/report'
import { ProblemView } from '../app/problem'
import { problemOf } from '../app/problem-of'
import { useTRPC } from '../app/trpc'
import { Changes } from './changes'
import { gapLines, offeredTo } from './fleet'
import { FleetDatabases } from './fleet-databases'
import { useFleetDecision } from './fleet-decision'
import { NewSettings, notCopied } from './new-settings'
import { Part } from './part'
import classes from './rebuild.module.css'

interface FormProps {
  readonly fleet: readonly ShownInstance[]
  readonly skipped: readonly Skipped[]
  readonly leaveOut: (name: string) => void
  readonly onClose: () => void
}

export function FleetForm({ fleet, skipped, leaveOut, onClose }: FormProps) {
  const trpc = useTRPC()
  const { sendSeveral } = useJobs()
  const [opened] = useState(() => fleet.map(it => it.instance.name))
  const [chosen, setCanary] = useState(() => canaryOf(fleet.map(it => it.instance))?.name ?? '')
  const names = fleet.map(it => it.instance.name)
  const canary = names.find(it => it === chosen) ?? names[0] ?? ''
  const [atOnce, setAtOnce] = useState<number | string>(defaultAtOnce)
  const [taken, setTaken] = useState<readonly string[]>()
  const [tried, setTried] = useState(false)
  const [sending, setSending] = useState(false)
  const [problem, setProblem] = useState<Problem>()
  const once = { staleTime: 0, trpc: { abortOnUnmount: true } } as const
  const review = useQuery(trpc.rebuild.review.queryOptions({ name: canary }, once))
  const members = useQuery(trpc.rebuild.fleet.queryOptions({ names: opened }, once))
  const found = members.data?.filter(it => names.includes(it.name)) ?? []
  const decision = useFleetDecision(found, canary)
  const offered = offeredTo(found)
  const env = taken ?? offered.filter(it => it.copied).map(it => it.key)
  const others = names.filter(it => it !== canary)
  const together = fleetJob.input.shape.atOnce.safeParse(atOnce)
  const loses = decision.choice === 'change' && decision.losing.length > 0
  const failed = [review, members].find(it => it.error)
  const submit = (event: FormEvent): void => {
    event.preventDefault()
    setTried(true)
    if (!review.data || !members.data || !together.success || !decision.decided) return
    setSending(true)
    const { answers } = decision
    sendSeveral(
      {
        kind: fleetJob.kind,
        canary,
        names: others,
        atOnce: together.data,
        answers,
        env: env.length > 0 ? [...env] : undefined,
      },
      { ...rebuildingWords, count: fleet.length, skipped },
    )
      .then(onClose, (refused: unknown) => setProblem(problemOf(refused)))
      .finally(() => setSending(false))
  }
  return (
    <form className={dialogs.form} onSubmit={submit} noValidate aria-label="Rebuild the instances">
      <p className={dialogs.plain}>
        Each instance gets the base application’s current code. It is tried beside the running code first; an instance
        in which it isn’t healthy keeps its old code.
      </p>
      <div className={classes.fields}>
        <Select
          label="Canary"
          description="Rebuilt first, alone. If it fails, the others aren’t touched."
          data={fleet.map(({ instance: { name }, status }) => ({ value: name, label: `${name} (${status.word})` }))}
          value={canary}
          onChange={it => it !== null && setCanary(it)}
          allowDeselect={false}
          searchable={fleet.length > 12}
          data-autofocus
        />
        <NumberInput
          label="At once"
          description="After the canary."
          min={1}
          max={16}
          clampBehavior="none"
          allowDecimal={false}
          value={atOnce}
          onChange={setAtOnce}
          error={together.error?.issues[0]?.message}
        />
      </div>
      <dl className={classes.review}>
        <Part word="Then">
          {enumerate(others, 12)}
          <p className="dimmed">If one fails, the rest won’t start. Those already done keep the new code.</p>
        </Part>
        {found.length > 0 && (
          <Part word="Downtime">
            {gapLines(found, decision.choice === 'change').map(it => (
              <p key={it}>{it}</p>
            ))}
          </Part>
        )}
        {offered.length > 0 && (
          <Part word="Settings">
            <NewSettings
              offered={offered.map(({ key, copied, lacking }) => ({
                key,
                note:
                  [
                    ...(lacking < found.length ? [`${lacking} of ${found.length} lack it.`] : []),
                    ...(copied ? [] : [notCopied]),
                  ].join(' ') || undefined,
              }))}
              env={env}
              setTaken={setTaken}
            />
          </Part>
        )}
        {skipped.length > 0 && (
          <Part word="Skipped">
            {skipped.map(({ name, reason }) => (
              <p key={name} className="dimmed">
                {name}: {reason}.
              </p>
            ))}
          </Part>
        )}
      </dl>
      {review.data && !review.data.upToDate && (
        <>
          <p className={dialogs.plain}>New for {canary}:</p>
          <dl className={classes.review}>
            <Changes review={review.data} />
          </dl>
        </>
      )}
      {decision.rows.length > 0 && (
        <FleetDatabases
          decision={decision}
          of={found.length}
          error={tried && decision.choice === undefined ? 'Choose one.' : undefined}
          leaveOut={fleet.length > 1 ? leaveOut : undefined}
        />
      )}
      {(review.isPending || members.isPending) && !failed && <Skeleton height={150} />}
      {failed?.error && (
        <ProblemView
          problem={problemOf(failed.error)}
          onRetry={() => void failed.refetch()}
          retrying={failed.isFetching}
        />
      )}
      {problem && <ProblemView problem={problem} />}
      <div className={dialogs.buttons}>
        <Button variant="default" onClick={onClose}>
          Cancel
        </Button>
        <Button
          type="submit"
          color={loses ? 'red' : undefined}
          disabled={!review.data || !members.data || (decision.choice !== undefined && !decision.decided)}
          loading={sending}
        >
          Rebuild {fleet.length}
          {loses && ' and lose data'}
        </Button>
      </div>
    </form>
  )
}
