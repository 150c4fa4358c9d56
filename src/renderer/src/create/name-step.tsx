import { TextInput, Title } from '@mantine/core'
import { useDebouncedValue } from '@mantine/hooks'
import { useQuery } from '@tanstack/react-query'
import { useEffect } from 'react'
import { nameSchema } from '../../../shared/instance'
import { useTRPC } from '../app/trpc'
import { useDraft } from './draft'
import { errorsOf, namesOf } from './wizard'
import classes from './create.module.css'

/** The instance's name: its format is checked at once, whether it is free a moment later by the main process. */
export function NameStep() {
  const { wizard, dispatch } = useDraft()
  const trpc = useTRPC()
  const { name } = wizard.answers
  const [settled] = useDebouncedValue(name, 200)
  const check = useQuery(
    trpc.instances.checkName.queryOptions(
      { name: settled },
      { enabled: nameSchema.safeParse(settled).success, staleTime: 0 },
    ),
  )
  const { data, isFetching, isError } = check
  useEffect(() => {
    if (data && !isFetching) dispatch({ type: 'name-checked', check: { name: settled, problem: data.problem } })
  }, [data, isFetching, settled, dispatch])
  const stalled = isError && wizard.continuing
  useEffect(() => {
    if (stalled) dispatch({ type: 'check-failed' })
  }, [stalled, dispatch])

  const error = name || wizard.tried ? errorsOf(wizard, 'name').name : undefined
  const names = namesOf(wizard.answers)
  const free = wizard.nameCheck?.name === name && !wizard.nameCheck.problem
  return (
    <div className={classes.fields}>
      <div>
        <Title order={2}>What is it called?</Title>
        <p className="dimmed">Use a name you’ll recognise, such as a school or customer.</p>
      </div>
      <TextInput
        label="Name"
        size="md"
        data-autofocus
        autoComplete="off"
        spellCheck={false}
        maxLength={60}
        value={name}
        error={error}
        onChange={event => dispatch({ type: 'typed', change: { name: event.currentTarget.value } })}
        description="Letters, digits, hyphens and underscores."
      />
      <p className={classes.note} aria-live="polite">
        {!error && names && (
          <>
            {free ? 'Available. ' : ''}Its database will be <span className="mono">{names.database}</span>, its folder{' '}
            <span className="mono">instances/{name}</span>.
          </>
        )}
      </p>
    </div>
  )
}
