import { Anchor, Checkbox, Collapse, Radio, Title, UnstyledButton } from '@mantine/core'
import { IconChevronRight } from '@tabler/icons-react'
import { useQuery } from '@tanstack/react-query'
import { useState, type ReactNode } from 'react'
import type { CreateInput } from '../../../shared/instance'
import { useApp, useInfrastructure } from '../app/live'
import { ProblemView } from '../app/problem'
import { useTRPC } from '../app/trpc'
import { useDraft } from './draft'
import { namesOf, type WizardStep } from './wizard'
import classes from './create.module.css'

/** Everything at a glance, before anything is created. */
export function ReviewStep() {
  const {
    wizard: { answers },
    dispatch,
  } = useDraft()
  const trpc = useTRPC()
  const { data: infrastructure } = useInfrastructure()
  const suggestion = useQuery(
    trpc.instances.suggestPort.queryOptions(undefined, { enabled: answers.portMode === 'auto', staleTime: 0 }),
  )
  const { root } = useApp()
  const names = namesOf(answers)
  const go = (step: WizardStep) => (): void => dispatch({ type: 'go', step })
  return (
    <div className={classes.fields}>
      <div>
        <Title order={2}>Is this right?</Title>
        <p className="dimmed">If a step fails, or you cancel, everything is undone.</p>
      </div>
      <dl className={classes.review}>
        <Row word="Name" onEdit={go('name')}>
          <strong>{answers.name}</strong>
        </Row>
        <Row word="Port" onEdit={go('port')}>
          {answers.portMode === 'manual'
            ? answers.port
            : suggestion.data
              ? `Automatic: ${suggestion.data}`
              : 'Automatic'}
          {answers.portMode === 'manual' && answers.sharePort && <span className="dimmed">, shared</span>}
        </Row>
        <Row word="Reachable" onEdit={go('port')}>
          {answers.host === '0.0.0.0' ? 'From other machines too' : 'From this machine only'}
        </Row>
        <Row word="Director" onEdit={go('director')}>
          {answers.directorName}
          <br />
          <span className="dimmed">{answers.email}</span>
        </Row>
        <Row word="Password">
          {answers.passwordMode === 'generated' ? 'Generated' : 'As entered'}
          <span className="dimmed">, shown once after creation</span>
        </Row>
        <Row word="Database">
          <span className="mono">{names?.database}</span>
          {infrastructure && (
            <span className="dimmed">{infrastructure.pooled ? ', pooled by PgBouncer' : ', not pooled'}</span>
          )}
        </Row>
        {answers.install === 'install' && (
          <Row word="Packages">
            With <span className="mono">npm install</span>
            <span className="dimmed">, because a package-lock.json is out of date. </span>
            <Anchor
              component="button"
              type="button"
              size="sm"
              onClick={() => dispatch({ type: 'typed', change: { install: 'ci' } })}
            >
              Use npm ci
            </Anchor>
          </Row>
        )}
        <Row word="Folder">
          <span className="mono">instances/{answers.name}</span>
        </Row>
      </dl>
      {infrastructure && !infrastructure.pooled && infrastructure.pgbouncer.problem && (
        <ProblemView problem={infrastructure.pgbouncer.problem} tone="warn" quiet />
      )}
      {root && (
        <Checkbox
          label="Give it its own system user"
          description="If the application is ever compromised, it can’t read other instances’ files or yours. It can write only to its data folders."
          checked={answers.systemUser}
          onChange={event => dispatch({ type: 'typed', change: { systemUser: event.currentTarget.checked } })}
        />
      )}
      <More value={answers.jwtSecret} onChange={jwtSecret => dispatch({ type: 'typed', change: { jwtSecret } })} />
    </div>
  )
}

function Row({ word, onEdit, children }: { word: string; onEdit?: () => void; children: ReactNode }) {
  return (
    <div>
      <dt>{word}</dt>
      <dd>
        <div>{children}</div>
        {onEdit && (
          <Anchor component="button" type="button" size="sm" onClick={onEdit} aria-label={`Edit ${word.toLowerCase()}`}>
            Edit
          </Anchor>
        )}
      </dd>
    </div>
  )
}

/** Settings that hardly anyone needs to change. */
function More({
  value,
  onChange,
}: {
  value: CreateInput['jwtSecret']
  onChange: (value: CreateInput['jwtSecret']) => void
}) {
  const [open, setOpen] = useState(value !== 'generate')
  return (
    <div>
      <UnstyledButton className={classes.more} aria-expanded={open} onClick={() => setOpen(!open)}>
        <IconChevronRight size={14} aria-hidden data-open={open || undefined} />
        More
      </UnstyledButton>
      <Collapse expanded={open} keepMounted={false}>
        <Radio.Group mt="sm" label="Login tokens are signed with" value={value} onChange={it => onChange(it)}>
          <div className={classes.choices}>
            <Radio
              value="generate"
              label="Its own secret"
              description="Logging in here doesn’t log anyone in elsewhere."
            />
            <Radio
              value="base"
              label="The base application’s secret"
              description="Users signed in to one of these instances are accepted by all of them."
            />
          </div>
        </Radio.Group>
      </Collapse>
    </div>
  )
}
