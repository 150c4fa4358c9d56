/** Asks whether the database's schema changes with the code; if so, shows what a rehearsal on a copy found. */
import { Loader, Radio } from '@mantine/core'
import { useState } from 'react'
import { ProblemView } from '../app/problem'
import { problemOf } from '../app/problem-of'
import { Elapsed } from '../app/time'
import dialogs from '../instances/dialogs.module.css'
import { Fix, RehearsalView, Renames } from './rehearsal'
import classes from './rebuild.module.css'
import { allRenames, type SchemaChoice as Choice, type SchemaDecision } from './schema-decision'

export function SchemaChoice({ decision }: { decision: SchemaDecision }) {
  const { choice, choose, rehearsal, found, renames, fix } = decision
  const shown = rehearsal.data
  const refused = found?.class === 'refused'
  return (
    <>
      <Radio.Group value={choice ?? ''} onChange={it => choose(it as Choice)} aria-label="The database’s schema">
        <div className={dialogs.choices}>
          <Radio
            value="change"
            label="Change the database’s schema"
            description="To what the new code expects. Rehearsed on a copy first, with the real rows."
          />
          <Radio
            value="leave"
            label="Leave the database as it is"
            description="The new code may fail where it needs something that the database lacks."
          />
        </div>
      </Radio.Group>
      {choice === 'change' && (
        <div className={classes.rehearsal} aria-live="polite">
          {shown && (
            <Renames renames={allRenames(renames, shown.candidates)} confirmed={renames} answer={decision.answer} />
          )}
          {rehearsal.isFetching && <Rehearsing />}
          {!rehearsal.isFetching && rehearsal.error && (
            <ProblemView problem={problemOf(rehearsal.error)} onRetry={() => void rehearsal.refetch()} />
          )}
          {found && <RehearsalView rehearsal={found} decision={decision} />}
          {(refused || fix !== '') && <Fix key={fix} fix={fix} setFix={decision.setFix} />}
        </div>
      )}
    </>
  )
}

function Rehearsing() {
  const [since] = useState(() => new Date().toISOString())
  return (
    <p className={classes.line}>
      <Loader size={14} aria-hidden />
      <span>
        Rehearsing on a copy of the database. The instance keeps running. <Elapsed since={since} />
      </span>
    </p>
  )
}
