/** Help: which versions are at work, and the keyboard shortcuts. */
import { Button } from '@mantine/core'
import { IconDownload } from '@tabler/icons-react'
import { Page, Section } from '../app/page'
import { useVersions, VersionList } from './about'
import { useSaveDiagnostics } from './diagnostics'
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
  const { run, busy } = useSaveDiagnostics()
  return (
    <Section title="Diagnostics">
      <div className={`card ${classes.card} ${classes.diagnostics}`}>
        <p>
          If someone helps you with a problem, send them this file: versions, settings, what Health finds, recent
          operations and Instance Manager’s log. It contains no passwords, but it names your instances.
        </p>
        <Button variant="default" leftSection={<IconDownload size={16} aria-hidden />} loading={busy} onClick={run}>
          Save diagnostics
        </Button>
      </div>
    </Section>
  )
}

const About = () => (
  <Section title="Versions">
    <div className={`card ${classes.card}`}>
      <VersionList versions={useVersions()} />
    </div>
  </Section>
)
