/** The workspace's settings, one card per section. A section's changes are saved together. */
import { Button, Input } from '@mantine/core'
import { IconCheck, IconChevronDown } from '@tabler/icons-react'
import { useMutation } from '@tanstack/react-query'
import { useSubscription } from '@trpc/tanstack-react-query'
import { useState, type FormEvent } from 'react'
import type { DriverKind } from '../../../shared/infrastructure'
import type { Problem } from '../../../shared/problem'
import type { AppState } from '../../../shared/workspace'
import {
  invalid,
  settingsSections,
  valueOf,
  type Setting,
  type SettingChanges,
  type SettingsSection,
  type SettingState,
} from '../../../shared/setting-list'
import { focusFault } from '../app/focus-fault'
import { useApp } from '../app/live'
import { Section } from '../app/page'
import { ProblemView } from '../app/problem'
import { problemOf } from '../app/problem-of'
import { useTRPC } from '../app/trpc'
import facts from '../app/facts.module.css'
import classes from './settings.module.css'

export function WorkspaceSettings({ driver }: { driver: DriverKind | undefined }) {
  const trpc = useTRPC()
  const { data, error } = useSubscription(trpc.settings.watch.subscriptionOptions())
  if (error) return <ProblemView problem={problemOf(error)} />
  if (!data) return null
  const shown = settingsSections.filter(it => !it.drivers || (driver && it.drivers.includes(driver)))
  return shown.map(it => <SectionForm key={it.name} section={it} states={data} />)
}

/** Unsaved values by key. Untouched fields follow changes made elsewhere. */
type Drafts = Readonly<Record<string, string>>

function SectionForm({ section, states }: { section: SettingsSection; states: readonly SettingState[] }) {
  const trpc = useTRPC()
  const [drafts, setDrafts] = useState<Drafts>({})
  const [tried, setTried] = useState(false)
  const change = useMutation(trpc.settings.change.mutationOptions())

  const present = (key: string): SettingState | undefined => states.find(it => it.key === key)
  const edited = section.settings.filter(it => it.key in drafts && drafts[it.key] !== text(present(it.key)?.value))
  const wrong = (it: Setting): string | undefined =>
    edited.includes(it) ? invalid(it, valueOf(it, drafts[it.key] ?? '')) : undefined
  const refusal = change.error ? problemOf(change.error) : undefined
  const refused = section.settings.find(it => it.key === refusal?.field)

  const send = (changes: SettingChanges): void =>
    change.mutate(changes, {
      onSuccess: () => {
        setDrafts(before => Object.fromEntries(Object.entries(before).filter(([key]) => !(key in changes))))
        setTried(false)
      },
    })
  const save = (event: FormEvent): void => {
    event.preventDefault()
    setTried(true)
    focusFault(event.currentTarget)
    if (edited.some(wrong)) return
    if (edited.length > 0) send(Object.fromEntries(edited.map(it => [it.key, valueOf(it, drafts[it.key] ?? '')])))
  }
  const type = (key: string, typed: string | undefined): void => {
    const { [key]: _, ...others } = drafts
    setDrafts(typed === undefined ? others : { ...others, [key]: typed })
    change.reset()
  }
  const discard = (): void => {
    setDrafts({})
    setTried(false)
    change.reset()
  }

  return (
    <Section title={section.title}>
      <p className={classes.lead}>{section.explanation}</p>
      <form className={`card ${facts.facts} ${classes.card}`} onSubmit={save} aria-label={section.title} noValidate>
        {section.settings.map(it => (
          <Field
            key={it.key}
            setting={it}
            state={present(it.key)}
            draft={drafts[it.key]}
            error={(tried && wrong(it)) || (refused === it && refusal ? reason(refusal) : undefined)}
            busy={change.isPending}
            onType={typed => type(it.key, typed)}
            onReset={() => send({ [it.key]: null })}
          />
        ))}
        {(edited.length > 0 || change.isSuccess || (refusal && !refused)) && (
          <footer className={classes.footer}>
            {refusal && !refused && <ProblemView problem={refusal} />}
            {edited.length > 0 ? (
              <>
                <Button type="submit" size="xs" loading={change.isPending}>
                  Save
                </Button>
                <Button size="xs" variant="default" onClick={discard} disabled={change.isPending}>
                  Discard
                </Button>
              </>
            ) : (
              change.isSuccess && (
                <span className={classes.saved} role="status">
                  <IconCheck size={16} aria-hidden /> Saved
                </span>
              )
            )}
          </footer>
        )}
      </form>
    </Section>
  )
}

interface FieldProps {
  setting: Setting
  state: SettingState | undefined
  draft: string | undefined
  error: string | undefined
  busy: boolean
  onType: (typed: string | undefined) => void
  onReset: () => void
}

function Field({ setting, state, draft, error, busy, onType, onReset }: FieldProps) {
  const { key, title, explanation, effect, numeric, choices, unit, local } = setting
  const app = useApp()
  const here = app.desktop || local === undefined
  return (
    <div className={classes.field}>
      <label htmlFor={key}>{title}</label>
      <Input.Wrapper
        id={key}
        error={error}
        description={
          <>
            {explanation} <span className={classes.effect}>{effect}</span>
            {!here && <> {local}</>}
          </>
        }
        inputWrapperOrder={['input', 'error', 'description']}
        classNames={{ description: classes.words, error: classes.words }}
      >
        <div className={classes.value}>
          {choices ? (
            <Input
              component="select"
              id={key}
              name={key}
              size="sm"
              classNames={{ wrapper: classes.bare }}
              pointer
              rightSection={<IconChevronDown size={14} aria-hidden />}
              rightSectionPointerEvents="none"
              value={draft ?? text(state?.value)}
              error={error !== undefined}
              disabled={!here}
              onChange={event => onType(event.currentTarget.value)}
            >
              {choices.map(it => (
                <option key={it}>{it}</option>
              ))}
            </Input>
          ) : (
            <Input
              id={key}
              name={key}
              size="sm"
              className={numeric ? classes.short : classes.long}
              classNames={{ wrapper: classes.bare, input: numeric ? 'number' : 'mono' }}
              value={draft ?? text(state?.value)}
              error={error !== undefined}
              inputMode={numeric ? 'numeric' : undefined}
              placeholder={inUse(key, app)}
              disabled={!here}
              autoComplete="off"
              spellCheck={false}
              onChange={event => onType(event.currentTarget.value)}
              onKeyDown={event => {
                if (event.key === 'Escape') onType(undefined)
              }}
            />
          )}
          {unit !== undefined && <span className="dimmed">{unit}</span>}
          <Origin title={title} state={state} busy={busy || !here} onReset={onReset} />
        </div>
      </Input.Wrapper>
    </div>
  )
}

/** What is used while nothing is chosen, where that is found on the machine. */
const inUse = (key: string, { workspace }: AppState): string | undefined =>
  key === 'node.path' && workspace?.node ? `${workspace.node.path} (${workspace.node.version})` : undefined

/** Where the value comes from, and a button to reset it. */
function Origin({ title, state, busy, onReset }: Pick<FieldProps, 'state' | 'busy' | 'onReset'> & { title: string }) {
  if (!state) return null
  const { origin, fallback } = state
  if (origin !== 'workspace')
    return <span className="dimmed">{origin === 'site' ? 'Set by the site’s defaults' : 'Default'}</span>
  return (
    <span className={classes.origin}>
      <span className="dimmed">
        {fallback.origin === 'site' ? 'The site’s default is ' : 'Default '}
        <span className={typeof fallback.value === 'number' ? 'number' : 'mono'}>{text(fallback.value)}</span>
      </span>
      <Button
        size="compact-xs"
        variant="subtle"
        disabled={busy}
        onClick={onReset}
        aria-label={`Reset ${title} to default`}
      >
        Reset to default
      </Button>
    </span>
  )
}

const text = (value: SettingState['value']): string => (value === undefined ? '' : String(value))

const reason = ({ message, cause, hint }: Problem): string => [message, cause, hint].filter(Boolean).join(' ')
