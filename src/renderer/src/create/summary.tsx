/** A summary of the instance as answered so far, next to the questions. */
import { Title } from '@mantine/core'
import type { ReactNode } from 'react'
import { namesOf, type Wizard } from './wizard'
import classes from './create.module.css'

export function Summary({ wizard: { answers } }: { wizard: Wizard }) {
  const names = namesOf(answers)
  const port = answers.portMode === 'auto' ? 'automatic' : answers.port
  return (
    <aside className={classes.summary} aria-label="Summary">
      <Title order={2}>Summary</Title>
      <dl>
        <Fact word="Folder">{names && `instances/${answers.name}`}</Fact>
        <Fact word="Database">{names?.database}</Fact>
        <Fact word="Database role">{names?.role}</Fact>
        <Fact word="Port">{port}</Fact>
        <Fact word="Director">{answers.email || answers.directorName}</Fact>
      </dl>
    </aside>
  )
}

function Fact({ word, children }: { word: string; children: ReactNode }) {
  return (
    <div>
      <dt>{word}</dt>
      <dd className="mono">
        {children || (
          <span className="dimmed" aria-label="not yet">
            –
          </span>
        )}
      </dd>
    </div>
  )
}
