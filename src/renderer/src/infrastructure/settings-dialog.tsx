/** The configuration of a service: each setting with its meaning, a proposal, and what a change costs. */
import { Button, Modal, Skeleton } from '@mantine/core'
import { IconRefresh } from '@tabler/icons-react'
import { useMutation, useQuery } from '@tanstack/react-query'
import { useState, type FormEvent } from 'react'
import { bytes, enumerate } from '../../../shared/amounts'
import { serviceTitle, type ServiceName } from '../../../shared/infrastructure'
import { cutOff, infrastructureSettingsJob } from '../../../shared/jobs/infrastructure'
import { proposalsFor } from '../../../shared/proposals'
import {
  invalid,
  serviceSettings,
  settingsOf,
  valueOf,
  type Setting,
  type SettingState,
} from '../../../shared/setting-list'
import { focusFault } from '../app/focus-fault'
import { useInfrastructure, useInstances } from '../app/live'
import { NumberField } from '../app/number-field'
import { ProblemView } from '../app/problem'
import { problemOf } from '../app/problem-of'
import { useTRPC } from '../app/trpc'
import { noInstances } from '../jobs/start'
import dialogs from '../instances/dialogs.module.css'
import classes from './infrastructure.module.css'

export function SettingsDialog({
  service,
  opened,
  onClose,
}: {
  service: ServiceName
  opened: boolean
  onClose: () => void
}) {
  return (
    <Modal opened={opened} onClose={onClose} title={`Settings of ${serviceTitle[service]}`} size={560}>
      <Loaded service={service} onClose={onClose} />
    </Modal>
  )
}

function Loaded({ service, onClose }: { service: ServiceName; onClose: () => void }) {
  const trpc = useTRPC()
  const fresh = { staleTime: 0, gcTime: 0 }
  const states = useQuery(trpc.settings.list.queryOptions(undefined, fresh))
  const machine = useQuery(trpc.infrastructure.machine.queryOptions(undefined, fresh))
  const error = states.error ?? machine.error
  if (error) return <ProblemView problem={problemOf(error)} onRetry={() => void states.refetch()} />
  if (!states.data || !machine.data) return <Skeleton height={320} radius="md" />
  const { memory, adopted } = machine.data
  return (
    <Fields
      service={service}
      states={states.data}
      memory={memory}
      foreign={adopted.includes(service)}
      onClose={onClose}
    />
  )
}

interface FieldsProps {
  service: ServiceName
  states: readonly SettingState[]
  memory: number
  /** It was created elsewhere. */
  foreign: boolean
  onClose: () => void
}

function Fields({ service, states, memory, foreign, onClose }: FieldsProps) {
  const begin = useMutation(useTRPC().operations.start.mutationOptions({ onSuccess: onClose }))
  const stateOf = ({ key }: Setting): SettingState | undefined => states.find(it => it.key === key)
  const settings = serviceSettings(service)
  const [typed, setTyped] = useState<Readonly<Record<string, string>>>(
    Object.fromEntries(settings.map(it => [it.key, String(stateOf(it)?.value ?? '')])),
  )
  const proposals = proposalsFor(memory, settingsOf(states))
  const changed = settings.filter(it => typed[it.key] !== String(stateOf(it)?.value ?? ''))
  const wrong = (it: Setting): string | undefined =>
    changed.includes(it) && typed[it.key] !== '' ? invalid(it, valueOf(it, typed[it.key] ?? '')) : undefined
  const refusal = begin.error ? problemOf(begin.error) : undefined
  const refused = settings.find(it => it.key === refusal?.field)
  const { data: infrastructure } = useInfrastructure()
  const isUp = (it: ServiceName): boolean => infrastructure?.[it].state === 'running'
  const restarts = new Set(changed.flatMap(it => it.service?.restarts ?? []).filter(isUp))
  const submit = (event: FormEvent): void => {
    event.preventDefault()
    focusFault(event.currentTarget)
    if (changed.length === 0 || changed.some(wrong)) return
    const values = Object.fromEntries(changed.map(it => [it.key, typed[it.key] === '' ? null : Number(typed[it.key])]))
    begin.mutate({ kind: infrastructureSettingsJob.kind, service, values })
  }
  return (
    <form className={dialogs.form} onSubmit={submit} noValidate aria-label={`Settings of ${serviceTitle[service]}`}>
      {foreign && (
        <p>
          {serviceTitle[service]}’s container was created elsewhere, so its configuration is left as it is. Change it
          there, then restart it.
        </p>
      )}
      {settings.map((it, index) => (
        <Field
          key={it.key}
          setting={it}
          state={stateOf(it)}
          proposal={proposals[it.key]}
          typed={typed[it.key] ?? ''}
          error={
            it === refused ? [refusal?.message, refusal?.cause, refusal?.hint].filter(Boolean).join(' ') : wrong(it)
          }
          first={index === 0}
          disabled={foreign}
          onType={text => {
            setTyped({ ...typed, [it.key]: text })
            begin.reset()
          }}
        />
      ))}
      {service === 'postgres' && <p className="dimmed">The proposals suit this machine’s memory, {bytes(memory)}.</p>}
      {changed.length > 0 && <Consequences of={isUp(service) ? undefined : service} restarts={[...restarts]} />}
      {refusal && !refused && <ProblemView problem={refusal} />}
      <div className={dialogs.buttons}>
        <Button variant="default" onClick={onClose}>
          Cancel
        </Button>
        <Button type="submit" loading={begin.isPending} disabled={changed.length === 0}>
          {restarts.size > 0 ? 'Change and restart' : 'Change'}
        </Button>
      </div>
    </form>
  )
}

interface FieldProps {
  setting: Setting
  state: SettingState | undefined
  proposal: number | undefined
  typed: string
  error: string | undefined
  first: boolean
  disabled: boolean
  onType: (text: string) => void
}

function Field({ setting, state, proposal, typed, error, first, disabled, onType }: FieldProps) {
  const { title, explanation, unit, service } = setting
  const { value } = state?.fallback ?? {}
  return (
    <NumberField
      label={unit === undefined ? title : `${title}, in ${unit}`}
      description={
        <>
          {explanation} The default is {value}.
          {service && service.restarts.length > 0 && (
            <span className={classes.restarts}>
              <IconRefresh size={12} aria-hidden /> Restarts {enumerate(service.restarts.map(it => serviceTitle[it]))}
            </span>
          )}
        </>
      }
      placeholder={`${value}, the default`}
      error={error}
      disabled={disabled}
      typed={typed}
      onType={onType}
      autoFocus={first} // it comes after the dialog has been focused
      rightSectionWidth={110}
      rightSection={
        proposal !== undefined && String(proposal) !== typed && !disabled ? (
          <Button size="compact-xs" variant="subtle" onClick={() => onType(String(proposal))}>
            Use {proposal}
          </Button>
        ) : undefined
      }
    />
  )
}

/** What instances notice. @param of the service whose settings change, if it isn't running */
function Consequences({ of, restarts }: { of: ServiceName | undefined; restarts: readonly ServiceName[] }) {
  const list = useInstances().data ?? noInstances
  if (restarts.length === 0)
    return (
      <p className="dimmed">
        {of === undefined
          ? 'Takes effect at once. No connection is cut.'
          : `${serviceTitle[of]} isn’t running. The change takes effect when it starts.`}
      </p>
    )
  const names = cutOff(list, restarts.length === 1 ? restarts[0] : undefined).map(it => it.name)
  const several = restarts.length > 1
  return (
    <p>
      {enumerate(restarts.map(it => serviceTitle[it]))} {several ? 'restart' : 'restarts'}.{' '}
      {restarts.includes('pgbouncer')
        ? 'Requests that need the database fail meanwhile, usually for a few seconds.'
        : 'Queries wait meanwhile, usually a second or two; a transaction that is still open by then ends with an error.'}{' '}
      {names.length > 0 ? `Running now: ${enumerate(names)}.` : 'No instance is running.'} If{' '}
      {several ? 'they don’t' : 'it doesn’t'} come up, the old settings are put back.
    </p>
  )
}
