/** A line of the review: a word, and what there is to say about it. */
import type { ReactNode } from 'react'

export const Part = ({ word, children }: { word: string; children: ReactNode }) => (
  <div>
    <dt>{word}</dt>
    <dd>{children}</dd>
  </div>
)
