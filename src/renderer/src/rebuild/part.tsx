/** One entry of the review: a heading and its content. */
import type { ReactNode } from 'react'

export const Part = ({ word, children }: { word: string; children: ReactNode }) => (
  <div>
    <dt>{word}</dt>
    <dd>{children}</dd>
  </div>
)
