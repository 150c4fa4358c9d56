/** Makes one change in the environment of several instances. */
import { Button, Modal } from '@mantine/core'
import { IconVariable } from '@tabler/icons-react'
import { useState, type FormEvent } from 'react'
import { count, enumerate } from '../../../shared/amounts'
import { changingWords, environmentManyJob } from '../../../shared/jobs/environment'
import type { Problem } from '../../../shared/problem'
import { runs } from '../../../shared/status'
import { ProblemView } from '../app/problem'
import { problemOf } from '../app/problem-of'
import type { ShownInstance } from '../instances/arrange'
import dialogs from '../instances/dialogs.module.css'
import { whyNotNow } from '../instances/shown-status'
import { environmentDialog } from '../jobs/faces'
import { useJobs, type Skipped } from '../jobs/jobs'
import { EffectButtons } from './effect'
import { changesOf, hasErrors, newRow, type Row } from './rows'
import { Variables } from './table'

/** For one instance, the whole environment is edited. */
export function EnvironmentButton({ chosen }: { chosen: readonly ShownInstance[] }) {
  const { ask } = useJobs()
  const [open, setOpen] = useState(false)
  const free = chosen.filter(it => whyNotNow(it.status.group) === undefined)
  const skipped = chosen.flatMap(({ instance: { name }, status: { group } }) => {
    const reason = whyNotNow(group)
    return reason === undefined ? [] : [{ name, reason }]
  })
  const [first] = free
  return (
    <>
      <Button
        size="xs"
        variant="default"
        disabled={!first}
        leftSection={<IconVariable size={15} aria-hidden />}
        onClick={() =>
          first && free.length === 1 ? ask({ dialog: environmentDialog, name: first.instance.name }) : setOpen(true)
        }
      >
        Environment{free.length > 0 && free.length < chosen.length ? ` ${free.length}` : ''}…
      </Button>
      {open && (
        <Modal
          opened
          onClose={() => setOpen(false)}
          title={`Change the environment of ${count(free.length, 'instance')}`}
          size={640}
        >
          <SeveralForm those={free} skipped={skipped} onClose={() => setOpen(false)} />
        </Modal>
      )}
    </>
  )
}

interface FormProps {
  readonly those: readonly ShownInstance[]
  readonly skipped: readonly Skipped[]
  readonly onClose: () => void
}

function SeveralForm({ those, skipped, onClose }: FormProps) {
  const { sendSeveral } = useJobs()
  const [names] = useState(() => those.map(it => it.instance.name))
  const [rows, setRows] = useState<readonly Row[]>(() => [newRow([])])
  const [tried, setTried] = useState(false)
  const [sending, setSending] = useState<'now' | 'later'>()
  const [problem, setProblem] = useState<Problem>()
  const changes = changesOf(rows)
  const running = those.filter(it => runs(it.status.group)).length
  const save = (restart: boolean): void => {
    setTried(true)
    if (changes.length === 0 || hasErrors(rows)) return
    setSending(restart ? 'now' : 'later')
    sendSeveral(
      { kind: environmentManyJob.kind, names, changes, restart },
      { ...changingWords, count: names.length, skipped },
    )
      .then(onClose, (error: unknown) => setProblem(problemOf(error)))
      .finally(() => setSending(undefined))
  }
  return (
    <form
      className={dialogs.form}
      onSubmit={(event: FormEvent) => {
        event.preventDefault()
        save(false)
      }}
      noValidate
      aria-label="Change the environment"
    >
      <p className={dialogs.plain}>
        {enumerate(names, 8)} get the same values. Their other variables stay.
        {skipped.length > 0 && ` Skipped: ${enumerate(skipped.map(it => `${it.name} (${it.reason})`))}.`}
      </p>
      <Variables rows={rows} setRows={setRows} tried={tried} />
      <p className="dimmed">
        {running > 0
          ? `${running === 1 ? 'One of them is running and keeps its' : `${running} of them are running and keep their`} current environment until the next restart. “Change and restart” restarts ${running === 1 ? 'it' : 'them, four at a time,'} now; an instance that isn’t healthy then gets its old values back.`
          : 'None of them is running. The change takes effect at the next start.'}
      </p>
      {problem && <ProblemView problem={problem} />}
      <EffectButtons
        verb="Change"
        running={running > 0}
        sending={sending}
        disabled={changes.length === 0}
        onRestart={() => save(true)}
        onClose={onClose}
      />
    </form>
  )
}
