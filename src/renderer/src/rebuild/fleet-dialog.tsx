/** Rebuilds several instances: which one first, how many of the others at once, and what happens if one fails. */
import { Button, Checkbox, Modal, NumberInput, Radio, Select, Skeleton } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { useState, type FormEvent } from 'react'
import { count, enumerate } from '../../../shared/amounts'
import { canaryOf, defaultAtOnce, fleetJob } from '../../../shared/jobs/fleet'
import type { Problem } from '../../../shared/problem'
import type { ShownInstance } from '../instances/arrange'
import dialogs from '../instances/dialogs.module.css'
import { useJobs, type Skipped } from '../jobs/jobs'
import { ProblemView } from '../app/problem'
import { problemOf } from '../app/problem-of'
import { useTRPC } from '../app/trpc'
import { Changes } from './changes'
import { Part } from './part'
import classes from './rebuild.module.css'

interface FleetProps {
  /** At least two, in their order. */
  readonly fleet: readonly ShownInstance[]
  readonly skipped: readonly Skipped[]
  readonly onClose: () => void
}

export function FleetDialog(props: FleetProps) {
  return (
    <Modal opened onClose={props.onClose} title={`Rebuild ${count(props.fleet.length, 'instance')}`} size={560}>
      <FleetForm {...props} />
    </Modal>
  )
}

function FleetForm({ fleet, skipped, onClose }: FleetProps) {
  const trpc = useTRPC()
  const { sendFleet } = useJobs()
  const [canary, setCanary] = useState(() => canaryOf(fleet.map(it => it.instance))?.name ?? '')
  const [atOnce, setAtOnce] = useState<number | string>(defaultAtOnce)
  const [database, setDatabase] = useState<string>()
  const [acceptLoss, setAcceptLoss] = useState(false)
  const [tried, setTried] = useState(false)
  const [sending, setSending] = useState(false)
  const [problem, setProblem] = useState<Problem>()
  const review = useQuery(
    trpc.rebuild.review.queryOptions({ name: canary }, { staleTime: 0, trpc: { abortOnUnmount: true } }),
  )
  const others = fleet.map(it => it.instance.name).filter(it => it !== canary)
  const together = fleetJob.input.shape.atOnce.safeParse(atOnce)
  const asksSchema = review.data !== undefined && review.data.changes.schema.length > 0
  const unanswered = asksSchema && database === undefined
  const submit = (event: FormEvent): void => {
    event.preventDefault()
    setTried(true)
    if (!review.data || !together.success || unanswered) return
    setSending(true)
    const schema = asksSchema && database === 'push' ? { acceptLoss } : undefined
    sendFleet({ kind: fleetJob.kind, canary, names: others, atOnce: together.data, schema }, skipped)
      .then(onClose, (refused: unknown) => setProblem(problemOf(refused)))
      .finally(() => setSending(false))
  }
  return (
    <form className={dialogs.form} onSubmit={submit} noValidate aria-label="Rebuild the instances">
      <p className={dialogs.plain}>
        They get the base application as it is now. In each, the new code is tried beside the running one first; if it
        isn’t healthy, that instance goes back to its old code.
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
          description="Of the others."
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
          <p className="dimmed">After the first that fails, no more are begun. Those already done keep the new code.</p>
        </Part>
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
      {asksSchema && (
        <Radio.Group
          label="Databases"
          value={database ?? null}
          onChange={setDatabase}
          error={tried && unanswered ? 'Choose one.' : undefined}
        >
          <div className={dialogs.choices}>
            <Radio value="leave" label="Keep their schema" description="The new code must work with the old schema." />
            <Radio
              value="push"
              label="Change their schema, too"
              description="Rehearsed on a copy of each database when its turn comes. If values or rows would be lost, that instance isn’t rebuilt, and no more are begun."
            />
            {database === 'push' && (
              <Checkbox
                className={classes.nested}
                label="Rebuild even if values or rows are lost"
                description="In any of them. What is lost is kept for a rollback."
                checked={acceptLoss}
                onChange={event => setAcceptLoss(event.currentTarget.checked)}
              />
            )}
          </div>
        </Radio.Group>
      )}
      {review.isPending && <Skeleton height={150} aria-label="Loading" />}
      {review.error && (
        <ProblemView
          problem={problemOf(review.error)}
          onRetry={() => void review.refetch()}
          retrying={review.isFetching}
        />
      )}
      {problem && <ProblemView problem={problem} />}
      <div className={dialogs.buttons}>
        <Button variant="default" onClick={onClose}>
          Cancel
        </Button>
        <Button type="submit" disabled={!review.data} loading={sending}>
          Rebuild {fleet.length}
        </Button>
      </div>
    </form>
  )
}
