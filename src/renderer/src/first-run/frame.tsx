/** The frame of the first-run screens, with their stages. */
import { Title } from '@mantine/core'
import { IconCheck, IconStack2 } from '@tabler/icons-react'
import type { ReactNode } from 'react'
import classes from './first-run.module.css'

const stages = ['Workspace', 'Infrastructure', 'First instance'] as const

/** @param stage index of the current stage */
export function Frame({
  stage,
  title,
  lead,
  children,
}: {
  stage: number
  title: string
  lead: string
  children: ReactNode
}) {
  return (
    <main className={classes.frame}>
      <div className={classes.column}>
        <header className={classes.head}>
          <span className={classes.brand}>
            <IconStack2 size={22} aria-hidden />
            Instance Manager
          </span>
          <ol className={classes.stages} aria-label="Set-up">
            {stages.map((word, index) => (
              <li
                key={word}
                data-state={index < stage ? 'done' : index === stage ? 'current' : undefined}
                aria-current={index === stage ? 'step' : undefined}
              >
                {index < stage ? <IconCheck size={14} stroke={3} aria-label="done" /> : <span>{index + 1}</span>}
                {word}
              </li>
            ))}
          </ol>
        </header>
        <div>
          <Title order={1}>{title}</Title>
          <p className={classes.lead}>{lead}</p>
        </div>
        {children}
      </div>
    </main>
  )
}
