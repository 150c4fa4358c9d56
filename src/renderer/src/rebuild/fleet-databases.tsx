/** Whether the databases of several instances change with the code; if so, what it does to each of them. */
import { Button, Loader, Radio } from '@mantine/core'
import { useState, type ReactNode } from 'react'
import { Elapsed } from '../app/time'
import { Words } from '../app/words'
import dialogs from '../instances/dialogs.module.css'
import { askedRenames, foundWords, problemWords, unrehearsedWords, type Found } from './fleet'
import type { FleetDecision } from './fleet-decision'
import { Consent, Same } from './fleet-found'
import { icons, tones } from './lines'
import classes from './rebuild.module.css'
import { Fix, Renames } from './rehearsal'
import { allRenames } from './schema-decision'

interface DatabasesProps {
  decision: FleetDecision
  /** Out of how many. */
  of: number
  error: string | undefined
  /** Absent if there is only one left. */
  leaveOut: ((name: string) => void) | undefined
}

export function FleetDatabases({ decision, of, error, leaveOut }: DatabasesProps) {
  const { choice, choose, rows } = decision
  return (
    <>
      <Radio.Group
        label="Databases"
        description={rows.length < of ? `${rows.length} of ${of} may need the new schema.` : undefined}
        value={choice ?? null}
        onChange={choose}
        error={error}
      >
        <div className={dialogs.choices}>
          <Radio
            value="change"
            label="Change the databases’ schemas"
            description="To what the new code expects. Rehearsed on a copy of each first, with the real rows."
          />
          <Radio
            value="leave"
            label="Leave the databases as they are"
            description="The new code may fail where it needs something that a database lacks."
          />
        </div>
      </Radio.Group>
      {choice === 'change' && <Rehearsals decision={decision} leaveOut={leaveOut} />}
    </>
  )
}

function Rehearsals({ decision, leaveOut }: Pick<DatabasesProps, 'decision' | 'leaveOut'>) {
  const { rows, found, known, renames, fix, rehearsing } = decision
  const refused = found.some(it => it.rehearsal?.class === 'refused')
  return (
    <div className={classes.rehearsals}>
      <Renames renames={allRenames(renames, askedRenames(known))} confirmed={renames} answer={decision.answer} />
      <ul className={classes.fleet} aria-label="Rehearsals" tabIndex={0}>
        {rows.map(({ name, key, found: its }) => (
          <li key={name}>
            {its ? (
              <FoundRow its={its} again={() => decision.again(its)} leaveOut={leaveOut} />
            ) : rehearsing?.key === key ? (
              <Rehearsing key={key} name={name} />
            ) : (
              <Row name={name} tone="none" icon={null}>
                <span>Not rehearsed yet.</span>
              </Row>
            )}
          </li>
        ))}
      </ul>
      <Progress decision={decision} />
      <Same found={found} />
      {(refused || fix !== '') && <Fix key={fix} fix={fix} setFix={decision.setFix} several />}
      <Consent decision={decision} />
    </div>
  )
}

interface RowProps {
  name: string
  tone: string
  icon: ReactNode
  /** One element, or an element and what can be done. */
  children: ReactNode
}

const Row = ({ name, tone, icon, children }: RowProps) => (
  <>
    <span className={classes.mark} data-tone={tone}>
      {icon}
    </span>
    <span className="truncate" title={name}>
      {name}
    </span>
    <span className={classes.finding} data-tone={tone}>
      {children}
    </span>
  </>
)

function Rehearsing({ name }: { name: string }) {
  const [since] = useState(() => new Date().toISOString())
  return (
    <Row name={name} tone="none" icon={<Loader size={14} aria-hidden />}>
      <span>
        Rehearsing… <Elapsed since={since} />
      </span>
    </Row>
  )
}

interface FoundProps {
  its: Found
  again: () => void
  leaveOut: DatabasesProps['leaveOut']
}

function FoundRow({ its, again, leaveOut }: FoundProps) {
  const tone = its.rehearsal ? tones[its.rehearsal.class] : 'warn'
  const Icon = icons[tone]
  return (
    <Row name={its.name} tone={tone} icon={<Icon size={18} aria-hidden />}>
      <span>
        <Words text={its.rehearsal ? foundWords(its.rehearsal) : problemWords(its.problem)} />
      </span>
      {tone !== 'good' && (
        <span className={classes.rowActs}>
          {!its.rehearsal && (
            <Button size="compact-xs" variant="subtle" onClick={again} aria-label={`Rehearse ${its.name} again`}>
              Try again
            </Button>
          )}
          {leaveOut && (
            <Button
              size="compact-xs"
              variant="subtle"
              color="gray"
              onClick={() => leaveOut(its.name)}
              aria-label={`Leave ${its.name} out`}
            >
              Leave out
            </Button>
          )}
        </span>
      )}
    </Row>
  )
}

function Progress({ decision: { rows, found, rehearsing, rehearseAll } }: { decision: FleetDecision }) {
  const left = rows.length - found.length
  if (rows.length < 2) return null
  return (
    <div className={classes.progress}>
      <span aria-live="polite">
        {found.filter(it => it.rehearsal).length} of {rows.length} rehearsed.
      </span>
      {rehearsing && rehearsing !== rows[0] ? (
        <Button size="compact-sm" variant="default" onClick={() => rehearseAll(false)}>
          Stop
        </Button>
      ) : (
        left > 0 &&
        found.length > 0 && (
          <Button size="compact-sm" variant="default" onClick={() => rehearseAll(true)}>
            Rehearse the other{left > 1 && ` ${left}`}
          </Button>
        )
      )}
      {left > 0 && !rehearsing && <p className="dimmed">{unrehearsedWords(left)}</p>}
    </div>
  )
}
