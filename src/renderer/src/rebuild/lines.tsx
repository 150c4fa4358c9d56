/** Sentences about a change of the schema. */
import { IconAlertTriangle, IconCircleCheck, IconCircleX } from '@tabler/icons-react'
import type { ReactNode } from 'react'
import type { SchemaClass } from '../../../shared/schema'
import type { Tone } from '../app/status'
import { Words } from '../app/words'
import classes from './rebuild.module.css'

export const tones = {
  none: 'good',
  additive: 'good',
  restrictive: 'good',
  destructive: 'bad',
  refused: 'warn',
} as const satisfies Record<SchemaClass, Tone>

export const icons = { good: IconCircleCheck, warn: IconAlertTriangle, bad: IconCircleX } as const

export function Line({ tone, children }: { tone: keyof typeof icons; children: ReactNode }) {
  const Icon = icons[tone]
  return (
    <p className={classes.line} data-tone={tone}>
      <Icon size={18} aria-hidden />
      <span>{children}</span>
    </p>
  )
}

export const Sentences = ({ texts }: { texts: readonly string[] }) =>
  texts.length > 0 && (
    <ul className={classes.sentences}>
      {texts.map(it => (
        <li key={it}>
          <Words text={it} />
        </li>
      ))}
    </ul>
  )
