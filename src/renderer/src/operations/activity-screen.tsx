/** All operations, newest first: those that need a decision, then running ones, then the rest. */
import { Anchor, Button, Select } from '@mantine/core'
import { IconActivity } from '@tabler/icons-react'
import { useMemo, useState } from 'react'
import { Link, useLocation } from 'wouter'
import { isOpen, type OperationState } from '../../../shared/operation'
import { useAddressState } from '../app/address'
import { useOperations } from '../app/live'
import { EmptyState, Page, Section } from '../app/page'
import { OperationsTable } from './operations-table'
import { Stuck } from './outcome'
import { RefusedJournal } from './refused-journal'
import { instanceNameOf, wordsOf } from '../../../shared/jobs/words'
import classes from './activity.module.css'

/** Number of rows shown at first; the rest on demand. */
const pageSize = 100

export function ActivityScreen() {
  const { operations, unreadable, ready } = useOperations()
  const [, navigate] = useLocation()
  const wanted = new URLSearchParams(useAddressState()).get('instance')
  const [limit, setLimit] = useState(pageSize)
  const subjects = useMemo(() => subjectsOf(operations), [operations])
  const subject = subjects.find(it => it.value === wanted)?.value
  const shown = subject ? operations.filter(it => it.subject === subject) : withoutParts(operations)
  const stuck = shown.filter(it => it.phase === 'stuck')
  const filter = subjects.length > 1 && (
    <Select
      aria-label="Filter by instance"
      placeholder="All instances"
      data={subjects}
      value={subject ?? null}
      onChange={it => navigate(it ? `/activity?${new URLSearchParams({ instance: it }).toString()}` : '/activity')}
      searchable
      clearable
      comboboxProps={{ withinPortal: false }}
      withScrollArea={false} // the list of options scrolls itself, as the keyboard expects
      classNames={{ options: classes.options }}
      clearButtonProps={{ 'aria-label': 'All instances' }}
      w={220}
    />
  )
  return (
    <Page title="Activity" lead="Every job, its steps and its result." actions={filter}>
      {ready && !operations.length && !unreadable.length && <NoActivity />}
      {stuck.length > 0 && (
        <Section title="Not finished">
          {stuck.map(it => (
            <div key={it.id} className={classes.stuck}>
              <Anchor component={Link} href={`/operations/${it.id}`} fw={600}>
                {wordsOf(it).asking}
              </Anchor>
              <Stuck operation={it} />
            </div>
          ))}
        </Section>
      )}
      {unreadable.length > 0 && (
        <Section title="Journals that can’t be used">
          {unreadable.map(it => (
            <RefusedJournal key={it.id} journal={it} />
          ))}
        </Section>
      )}
      {shown.length > 0 && <OperationsTable operations={shown.slice(0, limit)} />}
      {shown.length > limit && (
        <Button variant="default" className={classes.more} onClick={() => setLimit(limit + pageSize)}>
          Show more ({shown.length} in total)
        </Button>
      )}
    </Page>
  )
}

/** Without operations that are part of a job on many instances, which shows them once they are done. */
function withoutParts(operations: readonly OperationState[]): readonly OperationState[] {
  const parts = new Set(operations.flatMap(({ steps }) => steps.flatMap(it => it.result?.operation ?? [])))
  return operations.filter(it => isOpen(it) || !parts.has(it.id))
}

/** Instances that had operations, spelled as in the newest one. */
function subjectsOf(operations: readonly OperationState[]): { value: string; label: string }[] {
  const names = new Map<string, string>()
  for (const it of operations) {
    const name = instanceNameOf(it)
    if (name !== undefined && !names.has(it.subject)) names.set(it.subject, name)
  }
  return [...names].map(([value, label]) => ({ value, label })).toSorted((a, b) => a.label.localeCompare(b.label))
}

function NoActivity() {
  return (
    <EmptyState
      icon={<IconActivity size={30} stroke={1.6} />}
      title="No operations yet"
      action={
        <Button component={Link} href="/create" mt={8}>
          New instance
        </Button>
      }
    >
      <p>
        Each job appears here with its steps, output and result. Interrupted jobs are finished or undone at the next
        start.
      </p>
    </EmptyState>
  )
}
