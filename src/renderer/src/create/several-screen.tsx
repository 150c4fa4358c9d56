/** Creates several instances from a CSV file, after every row was checked. */
import { Anchor, Button, FileButton, Table, Textarea } from '@mantine/core'
import { useDebouncedValue } from '@mantine/hooks'
import { IconAlertTriangleFilled, IconCircleCheckFilled, IconFileImport } from '@tabler/icons-react'
import { useQuery } from '@tanstack/react-query'
import { useMemo, useState, type FormEvent } from 'react'
import { Link, useLocation } from 'wouter'
import { count } from '../../../shared/amounts'
import { creationTemplate, parseCreations, type CreationRow } from '../../../shared/creation-list'
import { creationColumns } from '../../../shared/instance'
import { createManyJob, creatingWords } from '../../../shared/jobs/create'
import type { Problem } from '../../../shared/problem'
import { handOver } from '../app/hand-over'
import { BackLink, Page } from '../app/page'
import { ProblemView } from '../app/problem'
import { problemOf } from '../app/problem-of'
import { useTRPC } from '../app/trpc'
import { LoadImage } from '../infrastructure/load-image'
import { useJobs } from '../jobs/jobs'
import classes from './several.module.css'

/** A list of a thousand instances has about 100 KB. */
const longest = 1_000_000

export function SeveralScreen() {
  const trpc = useTRPC()
  const { sendSeveral } = useJobs()
  const [, navigate] = useLocation()
  const [text, setText] = useState('')
  const [settled] = useDebouncedValue(text, 300)
  const list = useMemo(() => (settled.trim() === '' ? undefined : parseCreations(settled)), [settled])
  const rows = list && 'rows' in list ? list.rows : []
  const good = rows.flatMap(it => it.input ?? [])
  const taken = useQuery(
    trpc.instances.checkCreations.queryOptions(
      good.map(({ name, port }) => ({ name, ...(port !== 'auto' && { port }) })),
      { enabled: good.length > 0, staleTime: 0 },
    ),
  )
  const checked = rows.map((it): CreationRow =>
    it.input ? { ...it, faults: taken.data?.[good.indexOf(it.input)] ?? {} } : it,
  )
  const faulty = checked.filter(isFaulty).length
  const ready = text === settled && rows.length > 0 && faulty === 0 && taken.data !== undefined
  const [sending, setSending] = useState(false)
  const [problem, setProblem] = useState<Problem>()
  const read = async (file: File | null): Promise<void> => {
    if (!file) return
    if (file.size > longest) setProblem({ code: 'file-too-large', message: `${file.name} is too large for a list.` })
    else setText(await file.text())
  }
  const submit = (event: FormEvent): void => {
    event.preventDefault()
    if (!ready) return
    setSending(true)
    setProblem(undefined)
    sendSeveral({ kind: createManyJob.kind, items: good }, { ...creatingWords, count: good.length, skipped: [] })
      .then(
        () => navigate('/instances'),
        (refused: unknown) => setProblem(problemOf(refused)),
      )
      .finally(() => setSending(false))
  }
  return (
    <Page
      title="Several new instances"
      above={<BackLink href="/create">New instance</BackLink>}
      lead="From a CSV file. Nothing is created until every row is right."
    >
      <form className={`card ${classes.form}`} onSubmit={submit} noValidate aria-label="Several new instances">
        <div className={classes.source}>
          <FileButton accept=".csv,.tsv,.txt,text/csv" onChange={file => void read(file)}>
            {props => (
              <Button {...props} variant="default" leftSection={<IconFileImport size={16} aria-hidden />}>
                Choose a file…
              </Button>
            )}
          </FileButton>
          <span className="dimmed">
            or paste it below.{' '}
            <Anchor
              component="button"
              type="button"
              inherit
              onClick={() => handOver(new Blob([creationTemplate], { type: 'text/csv' }), 'instances.csv')}
            >
              Save a template
            </Anchor>
          </span>
        </div>
        <Textarea
          label="The list"
          description={`The first line names the columns: ${creationColumns.join(', ')}. Without a port, the next free one is used; without a password, one is generated.`}
          placeholder={creationTemplate.trim()}
          value={text}
          onChange={event => {
            setText(event.currentTarget.value)
            setProblem(undefined)
          }}
          error={list && 'fault' in list && list.fault}
          autosize
          minRows={4}
          maxRows={10}
          maxLength={longest}
          spellCheck={false}
          autoFocus
          classNames={{ input: 'mono' }}
        />
        {/* What needs a correction comes first, so that it is seen among many. */}
        {rows.length > 0 && <Rows rows={[...checked.filter(isFaulty), ...checked.filter(it => !isFaulty(it))]} />}
        {taken.error && <ProblemView problem={problemOf(taken.error)} onRetry={() => void taken.refetch()} />}
        {problem && (
          <ProblemView problem={problem}>
            <LoadImage problem={problem} />
          </ProblemView>
        )}
        <div className={classes.buttons}>
          <span role="status" className="dimmed">
            {rows.length > 0 && text === settled && summary(rows.length, faulty, taken.isFetching)}
          </span>
          <Button variant="default" component={Link} href="/instances">
            Cancel
          </Button>
          <Button type="submit" disabled={!ready} loading={sending}>
            Create {rows.length > 0 ? count(rows.length, 'instance') : 'them'}
          </Button>
        </div>
      </form>
    </Page>
  )
}

const isFaulty = ({ faults }: CreationRow): boolean => Object.keys(faults).length > 0

function summary(all: number, faulty: number, checking: boolean): string {
  if (checking) return 'Checking…'
  if (faulty > 0) return `${faulty} of ${count(all, 'row')} ${faulty === 1 ? 'needs' : 'need'} a correction.`
  return 'Every row is right. Two are created at a time.'
}

const Rows = ({ rows }: { rows: readonly CreationRow[] }) => (
  <div className={classes.rows} tabIndex={0} role="region" aria-label="Preview">
    <Table stickyHeader verticalSpacing={6} horizontalSpacing={10}>
      <Table.Thead>
        <Table.Tr>
          <Table.Th>Row</Table.Th>
          {creationColumns.map(it => (
            <Table.Th key={it}>{titles[it]}</Table.Th>
          ))}
        </Table.Tr>
      </Table.Thead>
      <Table.Tbody>
        {rows.map(row => (
          <Table.Tr key={row.number}>
            <Table.Td className={classes.number}>
              {isFaulty(row) ? (
                <IconAlertTriangleFilled size={16} color="var(--bad)" aria-label="Needs a correction" />
              ) : (
                <IconCircleCheckFilled size={16} color="var(--good)" aria-label="Right" />
              )}
              {row.number}
            </Table.Td>
            {creationColumns.map(it => (
              <Table.Td key={it}>
                {shownCell(it, row.cells[it])}
                {row.faults[it] !== undefined && <p className={classes.fault}>{row.faults[it]}</p>}
              </Table.Td>
            ))}
          </Table.Tr>
        ))}
      </Table.Tbody>
    </Table>
  </div>
)

const titles = { name: 'Name', port: 'Port', director: 'Director', email: 'Email', password: 'Password' } as const

function shownCell(column: keyof typeof titles, text: string) {
  if (column === 'password') return text === '' ? <span className="dimmed">generated</span> : '••••••••'
  if (column === 'port' && text === '') return <span className="dimmed">next free</span>
  return text
}
