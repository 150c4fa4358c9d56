/** How the database is protected, as far as it is. */
import { IconLock } from '@tabler/icons-react'
import type { InfrastructureStatus } from '../../../shared/infrastructure'
import { Section } from '../app/page'
import classes from './infrastructure.module.css'
import { securityFacts } from './security-facts'

export function Security({ infrastructure }: { infrastructure: InfrastructureStatus }) {
  const facts = securityFacts(infrastructure)
  if (facts.length === 0) return null
  return (
    <Section title="Security">
      <ul className={`card ${classes.facts}`}>
        {facts.map(it => (
          <li key={it}>
            <IconLock size={16} stroke={1.8} aria-hidden />
            {it}
          </li>
        ))}
      </ul>
    </Section>
  )
}
