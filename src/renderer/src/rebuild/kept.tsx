/** What a rebuild keeps, and the space and time it takes. */
import type { RebuildReview } from '../../../shared/rebuild-review'
import { hasSpace, keptWords, spaceWords, timeWords } from '../../../shared/rebuild-words'
import { Part } from './part'
import classes from './rebuild.module.css'

export function Kept({ review }: { review: RebuildReview }) {
  return (
    <>
      <Part word="Stays">
        {keptWords(review.stays).map(it => (
          <p key={it}>{it}</p>
        ))}
      </Part>
      <Part word="Takes">
        <p>{timeWords(review)}</p>
        <p className={hasSpace(review.disk) ? undefined : classes.short}>{spaceWords(review.disk)}</p>
      </Part>
    </>
  )
}
