/** Help: which versions are at work, and the keyboard shortcuts. */
import { Button } from '@mantine/core'
import { IconDownload } from '@tabler/icons-react'
import { useMutation } from '@tanstack/react-query'
import { handOver } from '../app/hand-over'
import { useApp, useInfrastructure } from '../app/live'
import { notifyProblem } from '../app/notify'
import { Page, Section } from '../app/page'
import { useTRPCClient } from '../app/trpc'
import { Shortcuts } from './shortcuts'
import classes from './help.module.css'

export function HelpScreen() {
  return (
    <Page title="Help" narrow>
      <About />
      <Diagnostics />
      <Section title="Keyboard shortcuts">
        <div className={`card ${classes.card}`}>
          <Shortcuts />
        </div>
      </Section>
    </Page>
  )
}

function Diagnostics() {
  const client = useTRPCClient()
  const save = useMutation({
    mutationFn: () => client.doctor.diagnostics.query(),
    onSuccess: text =>
      handOver(
        new Blob([text], { type: 'application/json' }),
        `diagnostics-${new Date().toISOString().slice(0, 10)}.json`,
      ),
    onError: notifyProblem,
  })
  return (
    <Section title="Diagnostics">
      <div className={`card ${classes.card} ${classes.diagnostics}`}>
        <p>
          If someone helps you with a problem, send them this file: versions, settings, what Health finds, recent
          operations and Instance Manager’s log. It contains no passwords, but it names your instances.
        </p>
        <Button
          variant="default"
          leftSection={<IconDownload size={16} aria-hidden />}
          loading={save.isPending}
          onClick={() => save.mutate()}
        >
          Save diagnostics
        </Button>
      </div>
    </Section>
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
