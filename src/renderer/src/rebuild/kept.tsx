/** What a rebuild keeps, and the space and time it takes. */
import type { RebuildReview } from '../../../shared/rebuild-review'
import { gapWords, hasSpace, keptWords, spaceWords, timeWords } from '../../../shared/rebuild-words'
import { Part } from './part'
import classes from './rebuild.module.css'

/** @param moves the schema is to change */
export function Kept({ review, moves }: { review: RebuildReview; moves: boolean }) {
  return (
    <>
      <Part word="Stays">
        {keptWords(review.stays).map(it => (
          <p key={it}>{it}</p>
        ))}
      </Part>
      <Part word="Takes">
        <p>{gapWords(review.gap, moves)}</p>
        <p>{timeWords(review)}</p>
        <p className={hasSpace(review.disk) ? undefined : classes.short}>{spaceWords(review.disk)}</p>
      </Part>
    </>
  )
}
