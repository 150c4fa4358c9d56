/** Rebuilds an instance: shows what changes and what stays before anything begins. */
import { Button, Skeleton } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { useState, type FormEvent } from 'react'
import { rebuildJob } from '../../../shared/jobs/rebuild'
import type { Problem } from '../../../shared/problem'
import type { RebuildReview } from '../../../shared/rebuild-review'
import { exampleWords, schemaWords } from '../../../shared/rebuild-words'
import { ProblemView } from '../app/problem'
import { problemOf } from '../app/problem-of'
import { useTRPC } from '../app/trpc'
import dialogs from '../instances/dialogs.module.css'
import { useJobs } from '../jobs/jobs'
import { Changes } from './changes'
import { Kept } from './kept'
import { NewSettings, notCopied, type SettingsProps } from './new-settings'
import { Part } from './part'
import classes from './rebuild.module.css'
import { SchemaChoice } from './schema-choice'
import { useSchemaDecision, type SchemaDecision } from './schema-decision'

export function RebuildForm({ name, onClose }: { name: string; onClose: () => void }) {
  const trpc = useTRPC()
  const { send } = useJobs()
  const [sending, setSending] = useState(false)
  const [problem, setProblem] = useState<Problem>()
  const review = useQuery(trpc.rebuild.review.queryOptions({ name }, { staleTime: 0, trpc: { abortOnUnmount: true } }))
  const decision = useSchemaDecision(name)
  const { data } = review
  const [taken, setTaken] = useState<readonly string[]>()
  const env = taken ?? data?.env.offered.filter(it => it.copied).map(it => it.key) ?? []
  const decided = data !== undefined && (!mayMove(data) || decision.decided)
  const submit = (event: FormEvent): void => {
    event.preventDefault()
    if (!decided) return
    setSending(true)
    send({ kind: rebuildJob.kind, name, release: data.base, schema: decision.schema, env: [...env] })
      .then(onClose, (refused: unknown) => {
        setProblem(problemOf(refused))
        void review.refetch() // the base application may have changed meanwhile
      })
      .finally(() => setSending(false))
  }
  return (
    <form className={dialogs.form} onSubmit={submit} noValidate aria-label="Rebuild the instance">
      <p className={dialogs.plain}>{data?.upToDate ? upToDate(name) : asNow}</p>
      {review.isPending && <Skeleton height={260} />}
      {review.error && (
        <ProblemView
          problem={problemOf(review.error)}
          onRetry={() => void review.refetch()}
          retrying={review.isFetching}
        />
      )}
      {data && <Review review={data} decision={decision} settings={{ env, setTaken }} />}
      {problem && <ProblemView problem={problem} />}
      <div className={dialogs.buttons}>
        <Button variant="default" onClick={onClose} data-autofocus>
          Cancel
        </Button>
        <Button type="submit" color={decision.loses ? 'red' : undefined} disabled={!decided} loading={sending}>
          {data?.upToDate ? 'Rebuild anyway' : decision.loses ? 'Rebuild and lose data' : 'Rebuild'}
        </Button>
      </div>
    </form>
  )
}

const asNow =
  'The instance gets the base application’s current code. It is tried beside the running code first; if it isn’t healthy, nothing changes.'
const upToDate = (name: string): string => `“${name}” already has the base application’s current code.`

/** The database may need a different schema. */
const mayMove = ({ changes, behind }: RebuildReview): boolean => changes.schema.length > 0 || behind

interface ReviewProps {
  review: RebuildReview
  decision: SchemaDecision
  settings: Omit<SettingsProps, 'offered'>
}

function Review({ review, decision, settings }: ReviewProps) {
  const { offered, exampleOnly } = review.env
  const missing = exampleWords(exampleOnly)
  return (
    <dl className={classes.review}>
      {!review.upToDate && <Changes review={review} />}
      {mayMove(review) ? (
        <Part word="Database">
          <p>{schemaWords(review)}</p>
          <SchemaChoice decision={decision} />
        </Part>
      ) : (
        !review.upToDate && <Part word="Database">{schemaWords(review)}</Part>
      )}
      {(offered.length > 0 || missing !== undefined) && (
        <Part word="Settings">
          {offered.length > 0 && (
            <NewSettings
              offered={offered.map(it => ({ ...it, note: it.copied ? undefined : notCopied }))}
              {...settings}
            />
          )}
          {missing !== undefined && <p className="dimmed">{missing}</p>}
        </Part>
      )}
      <Kept review={review} moves={decision.choice === 'change'} />
    </dl>
  )
}
