/** Sets an instance's tags and notes. */
import { Button, Checkbox, TagsInput, Textarea } from '@mantine/core'
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useState, type FormEvent } from 'react'
import { labelsInputSchema, type InstanceView } from '../../../shared/instance'
import type { Problem } from '../../../shared/problem'
import { useHold } from '../app/hold'
import { useInstances } from '../app/live'
import { ProblemView } from '../app/problem'
import { problemOf } from '../app/problem-of'
import { useTRPC, useTRPCClient } from '../app/trpc'
import { tagsOf } from './arrange'
import classes from './dialogs.module.css'

interface Typed {
  readonly tags?: string[]
  readonly notes?: string
  readonly favourite?: boolean
  readonly protected?: boolean
}

export function LabelsForm({ name, onClose }: { name: string; onClose: () => void }) {
  const trpc = useTRPC()
  const client = useTRPCClient()
  const queries = useQueryClient()
  const instances: readonly InstanceView[] = useInstances().data?.instances ?? []
  const details = useQuery(trpc.instances.details.queryOptions({ name }))
  const instance = instances.find(it => it.name === name)
  const [typed, type] = useState<Typed>({})
  const [sending, setSending] = useState(false)
  const [problem, setProblem] = useState<Problem>()
  useHold(sending ? 'busy' : Object.keys(typed).length > 0 && 'typed')
  const fault = (of: keyof Typed): string | undefined =>
    labelsInputSchema.safeParse({ name, ...typed }).error?.issues.find(it => it.path[0] === of)?.message
  const submit = (event: FormEvent): void => {
    event.preventDefault()
    if (!labelsInputSchema.safeParse({ name, ...typed }).success) return
    setSending(true)
    setProblem(undefined)
    client.instances.setLabels
      .mutate({ name, ...typed })
      .then(() => queries.invalidateQueries({ queryKey: trpc.instances.details.queryKey({ name }) }))
      .then(onClose, (refused: unknown) => setProblem(problemOf(refused)))
      .finally(() => setSending(false))
  }
  return (
    <form className={classes.form} onSubmit={submit} noValidate aria-label="Tags and notes">
      <TagsInput
        label="Tags"
        description="To find and filter instances by, e.g. trial. Enter or a comma adds one."
        data={tagsOf(instances).map(it => it.tag)}
        value={typed.tags ?? [...(instance?.tags ?? [])]}
        onChange={tags => type({ ...typed, tags })}
        error={fault('tags')}
        acceptValueOnBlur
        clearable
        data-autofocus
      />
      <Textarea
        label="Notes"
        value={typed.notes ?? details.data?.notes ?? ''}
        disabled={details.isPending}
        onChange={event => type({ ...typed, notes: event.currentTarget.value })}
        error={fault('notes')}
        autosize
        minRows={4}
        maxRows={12}
      />
      <Checkbox
        label="Favourite"
        description="Listed first."
        checked={typed.favourite ?? instance?.favourite === true}
        onChange={event => type({ ...typed, favourite: event.currentTarget.checked })}
      />
      <Checkbox
        label="Protected"
        description="Its name must be typed before it can be stopped, renamed, rebuilt or deleted."
        checked={typed.protected ?? instance?.protected === true}
        onChange={event => type({ ...typed, protected: event.currentTarget.checked })}
      />
      {problem && <ProblemView problem={problem} />}
      <div className={classes.buttons}>
        <Button variant="default" onClick={onClose}>
          Cancel
        </Button>
        <Button type="submit" loading={sending}>
          Save
        </Button>
      </div>
    </form>
  )
}
