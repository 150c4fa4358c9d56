/** How it looks, where things are, what this is. */
import { SegmentedControl, useMantineColorScheme } from '@mantine/core'
import type { ReactNode } from 'react'
import { CopyButton } from '../app/copy-button'
import { useApp, useInfrastructure } from '../app/live'
import { Page, Section } from '../app/page'
import { driverTitle } from '../infrastructure/switch'
import classes from './settings.module.css'

export function SettingsScreen() {
  const { workspace, version, desktop } = useApp()
  const { data } = useInfrastructure()
  const { colorScheme, setColorScheme } = useMantineColorScheme()
  return (
    <Page title="Settings" narrow>
      <Section title="Appearance">
        <Card>
          <Row word="Theme">
            <SegmentedControl aria-label="Theme" value={colorScheme} onChange={value => setColorScheme(value)}
              data={[{ value: 'auto', label: 'System' }, { value: 'light', label: 'Light' }, { value: 'dark', label: 'Dark' }]} />
          </Row>
        </Card>
      </Section>
      <Section title="Workspace">
        <Card>
          <Row word="Folder"><Path path={workspace?.path ?? ''} /></Row>
          <Row word="Our own data"><Path path={`${workspace?.path ?? ''}/.instance-manager`} /></Row>
        </Card>
      </Section>
      {data && (
        <Section title="Infrastructure">
          <Card>
            <Row word="PostgreSQL"><span className="mono">127.0.0.1:{data.postgres.port}</span></Row>
            <Row word="PgBouncer"><span className="mono">127.0.0.1:{data.pgbouncer.port}</span></Row>
            <Row word="Run by">{driverTitle[data.driver]}</Row>
            <Row word="To change"><span>Ports and images are in <span className="mono">settings.json</span>, in the folder of our own data.</span></Row>
          </Card>
        </Section>
      )}
      <Section title="About">
        <Card>
          <Row word="Instance Manager">Version {version}, {desktop ? 'desktop app' : 'served page'}</Row>
        </Card>
      </Section>
    </Page>
  )
}

const Card = ({ children }: { children: ReactNode }) => <dl className={`card ${classes.card}`}>{children}</dl>
const Row = ({ word, children }: { word: string; children: ReactNode }) => <div><dt>{word}</dt><dd>{children}</dd></div>
const Path = ({ path }: { path: string }) => <><span className={`mono ${classes.path}`}>{path}</span><CopyButton value={path} label="path" /></>
