/** How busy the machine is that all instances share; on demand, what takes its memory and disk. */
import { Button, Popover, UnstyledButton } from '@mantine/core'
import { useSubscription } from '@trpc/tanstack-react-query'
import type { ReactNode } from 'react'
import { Link } from 'wouter'
import { bytes, percent } from '../../../shared/amounts'
import type { InstanceView } from '../../../shared/instance'
import type { MachineUse as Use } from '../../../shared/machine'
import { isLow } from '../../../shared/space'
import { useTRPC } from '../app/trpc'
import classes from './machine-use.module.css'

export function MachineUse({ instances }: { instances: readonly InstanceView[] }) {
  const trpc = useTRPC()
  const { data: use } = useSubscription(trpc.space.watchMachine.subscriptionOptions())
  if (!use) return null
  const { cpu, memory, disk } = use
  const used = memory.total - memory.available
  return (
    <Popover position="bottom-end" withArrow trapFocus>
      <Popover.Target>
        <UnstyledButton className={classes.strip} aria-label="What this machine is used for">
          <Meter word="CPU" value={cpu === undefined ? '…' : percent(cpu)} share={(cpu ?? 0) / 100} />
          <Meter word="Memory" value={`${bytes(used)} of ${bytes(memory.total)}`} share={used / memory.total} />
          <Meter word="Disk" value={`${bytes(disk.free)} free`} share={1 - disk.free / disk.total} low={isLow(disk)} />
        </UnstyledButton>
      </Popover.Target>
      <Popover.Dropdown>
        <Details use={use} instances={instances} />
      </Popover.Dropdown>
    </Popover>
  )
}

interface MeterProps {
  readonly word: string
  readonly value: string
  /** 0 to 1. */
  readonly share: number
  readonly low?: boolean
}

const Meter = ({ word, value, share, low = false }: MeterProps) => (
  <span className={classes.meter}>
    <span>
      <span className="dimmed">{word}</span> {value}
    </span>
    <span className={classes.bar} aria-hidden>
      <span
        style={{ width: `${Math.min(100, Math.round(share * 100))}%` }}
        data-full={low || share > 0.9 || undefined}
      />
    </span>
  </span>
)

function Details({ use, instances }: { use: Use; instances: readonly InstanceView[] }) {
  const { cores, memory, disk, folders } = use
  const sum = (of: (it: InstanceView) => number | undefined): number =>
    instances.reduce((total, it) => total + (of(it) ?? 0), 0)
  return (
    <dl className={classes.details}>
      <Part title={`CPU, ${cores === 1 ? 'one core' : `${cores} cores`}`}>
        <Row word="Instances" value={percent(sum(it => it.cpu) / cores)} />
      </Part>
      <Part title="Memory">
        <Row word="Instances" value={bytes(sum(it => it.memory))} />
        <Row word="Available" value={bytes(memory.available)} />
      </Part>
      <Part title={`Disk, ${bytes(disk.total)}`}>
        <Row word="Databases" value={bytes(sum(it => it.databaseSize))} />
        <Row word="Instances’ files" value={folders ? bytes(folders.instances) : 'measuring…'} />
        <Row word="Prepared releases" value={folders ? bytes(folders.releases) : 'measuring…'} />
        <Row word="Logs" value={folders ? bytes(folders.logs) : 'measuring…'} />
        <Row word="Free" value={bytes(disk.free)} />
      </Part>
      <div className={classes.free}>
        <Button component={Link} href="/settings" size="xs" variant="default">
          Disk space in Settings
        </Button>
      </div>
    </dl>
  )
}

const Part = ({ title, children }: { title: string; children: ReactNode }) => (
  <div>
    <p className={classes.title}>{title}</p>
    {children}
  </div>
)

const Row = ({ word, value }: { word: string; value: string }) => (
  <div className={classes.row}>
    <dt>{word}</dt>
    <dd>{value}</dd>
  </div>
)
