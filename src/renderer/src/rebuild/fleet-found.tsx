/** What rehearsals of several instances have found, brought together, and the consent to what is lost. */
import { Checkbox } from '@mantine/core'
import { count, enumerate } from '../../../shared/amounts'
import { quoteNames } from '../../../shared/notes'
import { driftWords, wayBackWords } from '../../../shared/rebuild-words'
import { lostWords } from '../../../shared/schema'
import { Details } from '../app/details'
import { groupBy, totalLosses, type Found, type Group } from './fleet'
import type { FleetDecision } from './fleet-decision'
import { Line, Sentences } from './lines'
import classes from './rebuild.module.css'

/** What applies to all of them, or to several, said once. */
export function Same({ found }: { found: readonly Found[] }) {
  const label = (word: string, { names }: Group): string =>
    names.length === found.length ? word : `${word}: ${enumerate(names, 4)}`
  const back = groupBy(found, it => {
    if (!it.change) return undefined
    const [heading, sentences] = wayBackWords(it.rollback)
    return [heading, ...sentences].join('\n')
  })
  const exact = (names: readonly string[]): boolean =>
    found.find(it => it.name === names[0])?.rehearsal?.rollback.exact === true
  const lists = [
    [
      'Details',
      groupBy(
        found,
        () => undefined,
        it => it.details,
      ),
    ],
    ['How the database differs', groupBy(found, it => it.drift.join('\n'))],
    ['What the old code can’t do with the new schema', groupBy(found, it => it.oldCode.map(quoteNames).join('\n'))],
    ['Refused statement', groupBy(found, it => it.refusal?.statement)],
    ['SQL', groupBy(found, it => it.change?.forward)],
    ['SQL for the rollback', groupBy(found, it => it.change?.backward)],
  ] as const
  const drifted = found.filter(it => it.rehearsal && it.rehearsal.drift.length > 0).map(it => it.name)
  return (
    <>
      {back.map(it => {
        const [heading = '', ...sentences] = it.text.split('\n')
        return (
          <div key={it.text}>
            <Line tone={exact(it.names) ? 'good' : 'warn'}>
              {it.names.length === found.length ? heading : `${enumerate(it.names, 4)}: ${heading}`}
            </Line>
            <Sentences texts={sentences} />
          </div>
        )
      })}
      {drifted.length > 0 && (
        <Line tone="warn">
          {enumerate(drifted, 4)}: {driftWords}
        </Line>
      )}
      <div className={classes.texts}>
        {lists.flatMap(([word, groups]) =>
          groups.map(it => <Details key={word + it.text} label={label(word, it)} text={it.text} />),
        )}
      </div>
    </>
  )
}

/** One consent, which names what will be lost, and how much of it in each database. */
export function Consent({ decision: { losing, accepts, accept, growing, setGrowing } }: { decision: FleetDecision }) {
  if (losing.length === 0) return null
  const all = totalLosses(losing.map(it => it.rehearsal))
  return (
    <>
      <Checkbox
        color="red"
        checked={accepts}
        onChange={event => accept(event.currentTarget.checked)}
        label={`Lose ${enumerate(all.map(lostWords), 8)} in ${count(losing.length, 'instance')}`}
        description={
          <>
            {losing.map(({ name, rehearsal }) => (
              <span key={name} className={classes.lost}>
                {name}: {enumerate(rehearsal.losses.map(lostWords), 8)}
              </span>
            ))}
            <span className={classes.lost}>
              Gone from the application. Each database keeps them for a rollback, until the next rebuild.
            </span>
          </>
        }
      />
      <Checkbox
        className={classes.nested}
        disabled={!accepts}
        checked={growing}
        onChange={event => setGrowing(event.currentTarget.checked)}
        label="Also lose what users add there in the meantime"
        description="Otherwise, the rebuild stops at the first instance that would lose more than this."
      />
    </>
  )
}
