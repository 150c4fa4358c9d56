/** The day and hour at which maintenance begins automatically. */
import { Button, Select } from '@mantine/core'
import { IconCheck } from '@tabler/icons-react'
import { useMutation } from '@tanstack/react-query'
import { useState, type FormEvent } from 'react'
import { capital } from '../../../../shared/amounts'
import { maintenanceDays, type MaintenanceDay, type MaintenanceTimes } from '../../../../shared/maintenance'
import { ProblemView } from '../../app/problem'
import { problemOf } from '../../app/problem-of'
import { useTRPC } from '../../app/trpc'
import classes from './maintenance.module.css'

const days = maintenanceDays.map(value => ({ value, label: dayWords(value) }))
const hours = Array.from({ length: 24 }, (_, hour) => ({
  value: String(hour),
  label: new Date(2000, 0, 1, hour).toLocaleTimeString(undefined, { hour: '2-digit', minute: '2-digit' }),
}))

function dayWords(day: MaintenanceDay): string {
  return day === 'never' ? 'Never' : day === 'daily' ? 'Every day' : `Every ${capital(day)}`
}

export function ScheduleForm({ times }: { times: MaintenanceTimes }) {
  const change = useMutation(useTRPC().settings.change.mutationOptions())
  const [draft, setDraft] = useState<Partial<MaintenanceTimes>>({})
  const { day, hour } = { ...times, ...draft }
  const edited = day !== times.day || hour !== times.hour
  const edit = (it: Partial<MaintenanceTimes>): void => {
    setDraft({ ...draft, ...it })
    change.reset()
  }
  const save = (event: FormEvent): void => {
    event.preventDefault()
    if (edited) change.mutate({ 'maintenance.day': day, 'maintenance.hour': hour }, { onSuccess: () => setDraft({}) })
  }
  return (
    <form className={`card ${classes.schedule}`} onSubmit={save} aria-label="Schedule">
      <div className={classes.fields}>
        <Select
          label="Day"
          data={days}
          value={day}
          allowDeselect={false}
          onChange={it => it !== null && edit({ day: it })}
        />
        <Select
          label="Begins at"
          data={hours}
          value={String(hour)}
          allowDeselect={false}
          disabled={day === 'never'}
          onChange={it => it !== null && edit({ hour: Number(it) })}
        />
        {edited && (
          <>
            <Button type="submit" loading={change.isPending}>
              Save
            </Button>
            <Button variant="default" onClick={() => edit(times)} disabled={change.isPending}>
              Discard
            </Button>
          </>
        )}
        {!edited && change.isSuccess && (
          <span className={classes.saved} role="status">
            <IconCheck size={16} aria-hidden /> Saved
          </span>
        )}
      </div>
      {change.error && <ProblemView problem={problemOf(change.error)} />}
      <p className="dimmed">
        In this machine’s time zone, while the app or “instance-manager serve” is running. A missed run is made up once,
        five minutes after the next start.
      </p>
    </form>
  )
}
