/** Help: which versions are at work, and the keyboard shortcuts. */
import { useApp, useInfrastructure } from '../app/live'
import { Page, Section } from '../app/page'
import { Shortcuts } from './shortcuts'
import classes from './help.module.css'

export function HelpScreen() {
  return (
    <Page title="Help" narrow>
      <About />
      <Section title="Keyboard shortcuts">
        <div className={`card ${classes.card}`}>
          <Shortcuts />
        </div>
      </Section>
    </Page>
  )
}

/** Of a browser's name for itself. */
const agent = (program: string): string | undefined => new RegExp(`${program}/([\\d.]+)`).exec(navigator.userAgent)?.[1]

function About() {
  const { version, node } = useApp()
  const { data } = useInfrastructure()
  const all: readonly (readonly [program: string, version: string | undefined])[] = [
    ['Instance Manager', version],
    ['Node.js', node],
    ['Electron', agent('Electron')],
    ['Chromium', agent('Chrome')],
    ['PostgreSQL', data?.postgres.version],
    ['PgBouncer', data?.pgbouncer.version],
  ]
  const known = all.filter(it => it[1] !== undefined)
  return (
    <Section title="Versions">
      <dl className={`card ${classes.card} ${classes.facts}`}>
        {known.map(([program, its]) => (
          <div key={program}>
            <dt>{program}</dt>
            <dd className="mono">{its}</dd>
          </div>
        ))}
      </dl>
    </Section>
  )
}
