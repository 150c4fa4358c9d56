/** Renders a sentence with names between backticks. */
import { Fragment } from 'react'
import { splitNames } from '../../../shared/notes'

export const Words = ({ text }: { text: string }) =>
  splitNames(text).map((part, index) =>
    index % 2 ? <code key={index}>{part}</code> : <Fragment key={index}>{part}</Fragment>,
  )
