/** What a rebuild changes in the code: commits and packages. */
import { Anchor } from '@mantine/core'
import { useState } from 'react'
import type { Commits, RebuildReview } from '../../../shared/rebuild-review'
import { commitWords, packageLines } from '../../../shared/rebuild-words'
import { when } from '../app/time'
import { Part } from './part'
import classes from './rebuild.module.css'

export function Changes({ review: { changes, base, release } }: { review: RebuildReview }) {
  const { commits } = changes
  return (
    <>
      <Part word="Code">
        {commitWords(commits, release).map(it => (
          <p key={it}>{it}</p>
        ))}
        {commits && commits.count > 0 && <CommitList {...commits} />}
        <p className="dimmed">
          Release <span className="mono">{[release, base].flatMap(it => it?.slice(0, 8) ?? []).join(' → ')}</span>
        </p>
      </Part>
      <Part word="Packages">
        {packageLines(changes).map(it => (
          <p key={it}>{it}</p>
        ))}
      </Part>
    </>
  )
}

/** How many commits are shown at first. */
const shown = 4

function CommitList({ newest, count: all }: Commits) {
  const [open, setOpen] = useState(false)
  const hidden = all - Math.min(all, open ? newest.length : shown)
  return (
    <>
      <ul className={classes.commits} aria-label="Commits">
        {newest.slice(0, open ? undefined : shown).map(({ id, subject, at }) => (
          <li key={id} title={`${subject}\n${when(at)}`}>
            <code>{id}</code> <span className="truncate">{subject}</span>
          </li>
        ))}
      </ul>
      {hidden > 0 &&
        (open ? (
          <span className="dimmed">and {hidden} more</span>
        ) : (
          <Anchor component="button" type="button" size="sm" onClick={() => setOpen(true)}>
            Show {Math.min(newest.length - shown, hidden)} more
          </Anchor>
        ))}
    </>
  )
}
