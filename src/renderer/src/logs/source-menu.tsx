/** Chooses a log. */
import { Menu } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { useState, type ReactElement } from 'react'
import { bytes } from '../../../shared/amounts'
import type { LogEntry, LogSource } from '../../../shared/log'
import { useOperations } from '../app/live'
import { ProblemView } from '../app/problem'
import { problemOf } from '../app/problem-of'
import { when } from '../app/time'
import { useTRPC } from '../app/trpc'
import { sourceKey, sourceTitle } from './sources'

const groups: readonly { readonly kind: LogSource['kind']; readonly word: string }[] = [
  { kind: 'instance', word: 'Instances' },
  { kind: 'service', word: 'Infrastructure' },
  { kind: 'operation', word: 'Operations' },
  { kind: 'app', word: 'This app' },
]

export function SourceMenu({ children, onChoose }: { children: ReactElement; onChoose: (source: LogSource) => void }) {
  const [open, setOpen] = useState(false)
  return (
    <Menu
      opened={open}
      onChange={setOpen}
      position="bottom-start"
      width={300}
      shadow="md"
      transitionProps={{ duration: 0 }}
    >
      <Menu.Target>{children}</Menu.Target>
      <Menu.Dropdown>{open && <Entries onChoose={onChoose} />}</Menu.Dropdown>
    </Menu>
  )
}

/** Reloaded each time it opens, because logs and their sizes change. */
function Entries({ onChoose }: { onChoose: (source: LogSource) => void }) {
  const trpc = useTRPC()
  const { operations } = useOperations()
  const [query, setQuery] = useState('')
  const list = useQuery(trpc.logs.list.queryOptions(undefined, { staleTime: 0 }))
  const words = query.toLowerCase().split(/\s+/).filter(Boolean)
  const shown = (list.data ?? [])
    .map(entry => ({ entry, title: sourceTitle(entry.source, operations) }))
    .filter(it => words.every(word => it.title.toLowerCase().includes(word)))
  return (
    <>
      <Menu.Search
        value={query}
        onChange={event => setQuery(event.currentTarget.value)}
        placeholder="Find a log"
        aria-label="Find a log"
      />
      {list.error && <ProblemView problem={problemOf(list.error)} onRetry={() => void list.refetch()} />}
      <div style={{ maxHeight: 340, overflow: 'auto' }}>
        {groups.map(({ kind, word }) => {
          const its = shown.filter(it => it.entry.source.kind === kind)
          return (
            its.length > 0 && (
              <div key={kind} role="group" aria-label={word}>
                <Menu.Label>{word}</Menu.Label>
                {its.map(({ entry, title }) => (
                  <Menu.Item
                    key={sourceKey(entry.source)}
                    onClick={() => onChoose(entry.source)}
                    rightSection={
                      <span className="dimmed number" style={{ fontSize: 12 }}>
                        {factOf(entry)}
                      </span>
                    }
                  >
                    <span className="truncate" style={{ display: 'block', maxWidth: 180 }}>
                      {title}
                    </span>
                  </Menu.Item>
                ))}
              </div>
            )
          )
        })}
        {list.data && !shown.length && <Menu.Label>No results.</Menu.Label>}
      </div>
    </>
  )
}

const factOf = ({ source, size, changedAt, problem }: LogEntry): string => {
  if (problem) return 'can’t be read'
  if (source.kind === 'operation' && changedAt !== undefined) return when(new Date(changedAt).toISOString())
  return size > 0 ? bytes(size) : 'empty'
}
