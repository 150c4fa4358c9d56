import { Checkbox, Radio, TextInput, Title } from '@mantine/core'
import { useDebouncedValue } from '@mantine/hooks'
import { useQuery } from '@tanstack/react-query'
import { useEffect } from 'react'
import { maxPort, minPort, portSchema } from '../../../shared/instance'
import { useTRPC } from '../app/trpc'
import { HostChoice } from '../instances/host-choice'
import { PortTaken } from '../instances/port-taken'
import { useDraft } from './draft'
import { errorsOf, type Answers } from './wizard'
import classes from './create.module.css'

/** The instance's port: the next free one or one the operator picks, showing what already uses it. */
export function PortStep() {
  const { wizard, dispatch } = useDraft()
  const trpc = useTRPC()
  const { portMode } = wizard.answers
  const suggestion = useQuery(trpc.instances.suggestPort.queryOptions(undefined, { staleTime: 0 }))
  const choose = (value: string): void =>
    dispatch({ type: 'typed', change: { portMode: value as Answers['portMode'] } })
  return (
    <div className={classes.fields}>
      <div>
        <Title order={2}>Which port does it listen on?</Title>
        <p className="dimmed">It is part of the instance’s address.</p>
      </div>
      <Radio.Group value={portMode} onChange={choose} aria-label="Port">
        <div className={classes.choices}>
          <Radio
            value="auto"
            size="md"
            data-autofocus={portMode === 'auto' || undefined}
            label="Automatic"
            description={suggestion.data ? `${suggestion.data} is the next free port.` : 'The next free port.'}
          />
          <Radio
            value="manual"
            size="md"
            data-autofocus={portMode === 'manual' || undefined}
            label="Choose a port"
            description={`From ${minPort} to ${maxPort}.`}
          />
        </div>
      </Radio.Group>
      {portMode === 'manual' && <ManualPort free={suggestion.data} />}
      <HostChoice value={wizard.answers.host} onChange={host => dispatch({ type: 'typed', change: { host } })} />
    </div>
  )
}

function ManualPort({ free: next }: { free: number | undefined }) {
  const { wizard, dispatch } = useDraft()
  const trpc = useTRPC()
  const { port, sharePort } = wizard.answers
  const [settled] = useDebouncedValue(port, 200)
  const number = /^\d+$/.test(settled) ? Number(settled) : NaN
  const { data, isFetching, isError } = useQuery(
    trpc.instances.checkPort.queryOptions(
      { port: number },
      { enabled: portSchema.safeParse(number).success, staleTime: 0 },
    ),
  )
  useEffect(() => {
    if (data && !isFetching) dispatch({ type: 'port-checked', check: data })
  }, [data, isFetching, dispatch])
  const stalled = isError && wizard.continuing
  useEffect(() => {
    if (stalled) dispatch({ type: 'check-failed' })
  }, [stalled, dispatch])

  const errors = errorsOf(wizard, 'port')
  const holders = String(wizard.portCheck?.port) === port ? (wizard.portCheck?.holders ?? []) : []
  const free = !errors.port && String(wizard.portCheck?.port) === port && holders.length === 0
  return (
    <>
      <TextInput
        label="Port number"
        size="md"
        inputMode="numeric"
        autoComplete="off"
        maxLength={6}
        w={180}
        value={port}
        error={port || wizard.tried ? errors.port : undefined}
        onChange={event => dispatch({ type: 'typed', change: { port: event.currentTarget.value.trim() } })}
      />
      <div aria-live="polite">
        {free && <p className={classes.note}>Available.</p>}
        {holders.length > 0 && (
          <PortTaken
            port={port}
            holders={holders}
            free={next}
            onUse={it => dispatch({ type: 'typed', change: { port: String(it) } })}
          >
            <Checkbox
              label="Use it anyway"
              description="Only one of them can run at a time."
              checked={sharePort}
              aria-invalid={wizard.tried && errors.sharePort ? true : undefined}
              error={wizard.tried ? errors.sharePort : undefined}
              onChange={event => dispatch({ type: 'typed', change: { sharePort: event.currentTarget.checked } })}
            />
          </PortTaken>
        )}
      </div>
    </>
  )
}
