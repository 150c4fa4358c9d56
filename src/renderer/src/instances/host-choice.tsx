/** Which machines can reach an instance: its HOST. */
import { Radio } from '@mantine/core'
import type { InstanceHost } from '../../../shared/instance'
import classes from './dialogs.module.css'

interface HostProps {
  /** Empty: neither of the two. */
  readonly value: string
  readonly onChange: (host: InstanceHost) => void
}

export const HostChoice = ({ value, onChange }: HostProps) => (
  <Radio.Group label="Who can reach it?" value={value} onChange={host => onChange(host as InstanceHost)}>
    <div className={classes.choices}>
      <Radio
        value="0.0.0.0"
        label="Other machines too"
        description="It listens on all of this machine’s addresses (HOST 0.0.0.0)."
      />
      <Radio
        value="127.0.0.1"
        label="This machine only"
        description="For use behind a reverse proxy on this machine (HOST 127.0.0.1)."
      />
    </div>
  </Radio.Group>
)
