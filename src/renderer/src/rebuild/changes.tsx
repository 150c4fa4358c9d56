/** What a rebuild changes: commits, packages, the database schema. */
import { Anchor } from '@mantine/core'
import { useState } from 'react'
import { count, capital, enumerate } from '../../../shared/amounts'
import { packageWords, type Commits, type PackageChanges, type RebuildReview } from '../../../shared/rebuild-review'
import { when } from '../app/time'
import { Part } from './part'
import classes from './rebuild.module.css'

export function Changes({ review: { changes, base, release } }: { review: RebuildReview }) {
  const { commits, server, client, schema } = changes
  return (
    <>
      <Part word="Code">
        {commits ? (
          <CommitList commits={commits} since={sinceWords(commits.since, release)} />
        ) : (
          <p>The base application has changed.</p>
        )}
        <p className="dimmed">
          Release <span className="mono">{[release, base].flatMap(it => it?.slice(0, 8) ?? []).join(' → ')}</span>
        </p>
      </Part>
      <Part word="Packages">
        {packageLines(server, client).map(({ text, changed }) => (
          <p key={text} className={changed ? undefined : 'dimmed'}>
            {text}
          </p>
        ))}
      </Part>
      <Part word="Database">
        {schema.length === 0 ? (
          <span className="dimmed">The schema is the same.</span>
        ) : (
          <>
            The schema has changed: <span className="mono">{enumerate(schema)}</span>
          </>
        )}
      </Part>
    </>
  )
}

function sinceWords(since: Commits['since'], release: string | undefined): string {
  if (since === 'commit') return 'since its release'
  return release === undefined ? 'since it was created' : 'since its release was prepared'
}

/** Commits that are shown at first. */
const shown = 4

function CommitList({ commits: { newest, count: all, gone }, since }: { commits: Commits; since: string }) {
  const [open, setOpen] = useState(false)
  const hidden = all - Math.min(all, open ? newest.length : shown)
  return (
    <>
      {all > 0
        ? `${capital(count(all, 'commit'))} ${since}`
        : gone === 0 && `No commits ${since}: these changes aren’t committed.`}
      {all > 0 && (
        <ul className={classes.commits} aria-label="Commits">
          {newest.slice(0, open ? undefined : shown).map(({ id, subject, at }) => (
            <li key={id} title={`${subject}\n${when(at)}`}>
              <code>{id}</code> <span className="truncate">{subject}</span>
            </li>
          ))}
        </ul>
      )}
      {hidden > 0 &&
        (open ? (
          <span className="dimmed">and {hidden} more</span>
        ) : (
          <Anchor component="button" type="button" size="sm" onClick={() => setOpen(true)}>
            Show {Math.min(newest.length - shown, hidden)} more
          </Anchor>
        ))}
      {gone > 0 && (
        <p>
          {gone === 1
            ? 'One commit that it has is no longer in the history.'
            : `${gone} commits that it has are no longer in the history.`}
        </p>
      )}
    </>
  )
}

/** Packages that are named. */
const named = 8

interface PackageLine {
  readonly text: string
  readonly changed: boolean
}

function packageLines(server: PackageChanges | undefined, client: PackageChanges | undefined): PackageLine[] {
  const [its, clients] = [packageText(server), packageText(client)]
  if (its.text === clients.text) return [{ ...its, text: `Server and client: ${its.text}` }]
  return [
    { ...its, text: `Server: ${its.text}` },
    { ...clients, text: `Client: ${clients.text}` },
  ]
}

function packageText(changes: PackageChanges | undefined): PackageLine {
  if (!changes) return { text: 'can’t be compared without lock files.', changed: false }
  const { direct, transitive } = changes
  if (direct.length === 0 && transitive === 0) return { text: 'the same.', changed: false }
  const indirect = transitive > 0 ? [count(transitive, 'indirect package')] : []
  const more = direct.length > named ? [count(direct.length - named, 'other package')] : []
  const words = [...direct.slice(0, named).map(packageWords), ...more, ...indirect]
  return { text: enumerate(words, words.length), changed: true }
}
