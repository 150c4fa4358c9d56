/** All instances, live: search, filter, sort, select and act on them. */
import { Button, Skeleton } from '@mantine/core'
import { IconLayoutGrid, IconPlus } from '@tabler/icons-react'
import { useDeferredValue, useEffect, useLayoutEffect, useMemo, useRef, useState } from 'react'
import { Link } from 'wouter'
import { instancesCsv } from '../../../shared/instances-csv'
import { createJob } from '../../../shared/jobs/create'
import { isOpen } from '../../../shared/operation'
import { handOver } from '../app/hand-over'
import { useInstances, useOperations } from '../app/live'
import { EmptyState, Page, Section } from '../app/page'
import { useInstanceActions } from './actions'
import { ActionsMenu } from './actions-menu'
import { arrange, countGroups, isIn, shownTags, tagsOf, type ShownInstance } from './arrange'
import { everything } from './arrangement'
import { Banners } from './banners'
import { Broken } from './broken'
import { BulkBar } from './bulk-bar'
import { BulkReportPanel } from './bulk-report'
import { InstanceGrid } from './grid'
import type { Item, ItemHandlers } from './item'
import { rebuildDialog } from '../jobs/faces'
import { about, useJobs } from '../jobs/jobs'
import { MachineUse } from './machine-use'
import { useListKeys } from './list-keys'
import { useListState } from './list-state'
import { useOpenInstance } from './open'
import { extend, nothingSelected, prune, selectAll, toggle, toggleAll } from './selection'
import { InstanceTable } from './table'
import { Toolbar } from './toolbar'
import { useShownInstances } from './use-shown'
import classes from './list.module.css'

export function InstancesScreen() {
  const { data, problem } = useInstances()
  const shown = useShownInstances()
  const { operations } = useOperations()
  const { setSelection, arrange: rearrange } = useListState()
  const creations = useMemo(() => operations.filter(it => it.kind === createJob.kind && isOpen(it)), [operations])
  const made = useMemo(() => {
    const subjects = new Set(creations.map(it => it.subject))
    return shown.filter(it => !subjects.has(it.instance.name.toLowerCase())) // a partly created instance is represented by its creation
  }, [shown, creations])
  const choose = (names: readonly string[]): void => {
    rearrange(everything)
    setSelection({ names: new Set(names) })
  }
  useScrollPlace(data !== undefined)
  return (
    <Page
      title="Instances"
      lead={data && summary(made, data.lost.length)}
      actions={data && <MachineUse instances={data.instances} />}
      wide
    >
      <Banners shown={made} onChoose={choose} />
      <BulkReportPanel />
      {!data && !problem && <Skeleton height={320} radius="lg" />}
      {data && !made.length && !creations.length && !data.broken.length && <NoInstances />}
      {(made.length > 0 || creations.length > 0) && <List made={made} creations={creations} />}
      {data && data.broken.length > 0 && (
        <Section title="Folders that can’t be used">
          {data.broken.map(it => (
            <Broken key={it.folder} folder={it.folder} problem={it.problem} />
          ))}
        </Section>
      )}
    </Page>
  )
}

function List({
  made,
  creations,
}: {
  made: readonly ShownInstance[]
  creations: readonly Extract<Item, { type: 'creation' }>['operation'][]
}) {
  const { sort, arrange: rearrange, selection, setSelection, ...wanted } = useListState()
  const { query: typed } = wanted
  // What is typed or pressed is shown at once; the rows follow, drawn between frames.
  const query = useDeferredValue(typed)
  const filter = useDeferredValue(wanted.filter)
  const view = useDeferredValue(wanted.view)
  const search = useRef<HTMLInputElement>(null)
  const [menu, setMenu] = useState<{ name: string; at: { x: number; y: number } }>()
  const tags = useMemo(() => shownTags(tagsOf(made.map(it => it.instance)), wanted.filter), [made, wanted.filter])
  const groups = useMemo(() => countGroups(made), [made])
  const favourites = useMemo(() => made.filter(it => isIn('favourites', it)).length, [made])
  const outdated = useMemo(() => made.filter(it => isIn('outdated', it)), [made])
  const arranged = useMemo(() => arrange(made, { query, filter, sort }), [made, query, filter, sort])
  const names = useMemo(() => arranged.map(it => it.instance.name), [arranged])
  const plain = !query.trim() && (filter === 'all' || filter === 'busy')
  const items = useMemo<Item[]>(
    () => [
      ...(plain ? creations : []).map(operation => ({ type: 'creation' as const, operation })),
      ...arranged.map(it => ({ type: 'instance' as const, shown: it })),
    ],
    [plain, creations, arranged],
  )
  useEffect(() => {
    setSelection(it => prune(it, new Set(made.map(one => one.instance.name))))
  }, [made, setSelection])
  const handlers = useHandlers(names, (name, at) => setMenu({ name, at }))
  const clear = (): void => setSelection(nothingSelected)
  const actionsOf = useInstanceActions()
  useListKeys({
    search,
    onSelectAll: () => setSelection(it => selectAll(it, names)),
    onEscape: searching => (typed && (searching || !selection.names.size) ? rearrange({ query: '' }) : clear()),
    onAction: (name, actions) => {
      const shown = made.find(it => it.instance.name === name)
      if (shown)
        actionsOf(shown)
          .find(it => actions.includes(it.id))
          ?.run()
    },
  })

  const chosen = made.filter(it => selection.names.has(it.instance.name))
  const chosenHere = names.filter(it => selection.names.has(it)).length
  const shared = { items, selected: selection.names, menu: menu?.name, handlers }
  return (
    <>
      {made.length > 0 && (
        <Toolbar
          total={made.length}
          outdated={outdated}
          groups={groups}
          favourites={favourites}
          tags={tags}
          search={search}
          onExport={() => exportList(arranged)}
        />
      )}
      {items.length === 0 && (
        <div className={`card ${classes.none}`}>
          <p>
            {query.trim()
              ? `No instance matches “${query.trim()}”${filter === 'all' ? '' : ' with this filter'}.`
              : 'No instance matches this filter.'}
          </p>
          <Button size="xs" variant="default" onClick={() => rearrange(everything)}>
            Show all
          </Button>
        </div>
      )}
      {items.length > 0 && view === 'table' && (
        <InstanceTable
          {...shared}
          sort={sort}
          onSort={it => rearrange({ sort: it })}
          all={!chosenHere ? 'none' : chosenHere === names.length ? 'all' : 'some'}
          onSelectAll={() => setSelection(it => toggleAll(it, names))}
        />
      )}
      {items.length > 0 && view === 'grid' && <InstanceGrid {...shared} />}
      <ActionsMenu
        shown={made.find(it => it.instance.name === menu?.name)}
        at={menu?.at ?? { x: 0, y: 0 }}
        onClose={() => setMenu(undefined)}
      />
      {chosen.length > 0 && <BulkBar chosen={chosen} hidden={chosen.length - chosenHere} onClear={clear} />}
    </>
  )
}

/** As it is filtered and sorted. */
function exportList(list: readonly ShownInstance[]): void {
  const text = instancesCsv(list.map(it => it.instance))
  handOver(new Blob([text], { type: 'text/csv' }), `instances-${new Date().toISOString().slice(0, 10)}.csv`)
}

/** Returns the same object for the life of the list, so that it never causes rows to re-render. */
function useHandlers(names: readonly string[], openMenu: ItemHandlers['openMenu']): ItemHandlers {
  const { setSelection } = useListState()
  const open = useOpenInstance()
  const { run, ask } = useJobs()
  const now = useRef({ names, openMenu, open, run, ask })
  useEffect(() => {
    now.current = { names, openMenu, open, run, ask }
  })
  return useMemo(
    () => ({
      select: (name, range) => setSelection(it => (range ? extend(it, name, now.current.names) : toggle(it, name))),
      openMenu: (name, at) => now.current.openMenu(name, at),
      open: instance => now.current.open(instance),
      run: (action, name) => now.current.run(action, name),
      rebuild: name => now.current.ask(about(rebuildDialog, name)),
    }),
    [setSelection],
  )
}

/** Restores the scroll position. */
function useScrollPlace(ready: boolean): void {
  const { scrolled } = useListState()
  useLayoutEffect(() => {
    const main = document.querySelector('main')
    if (!ready || !main) return
    main.scrollTop = scrolled.current
    const remember = (): void => {
      scrolled.current = main.scrollTop
    }
    main.addEventListener('scroll', remember, { passive: true })
    return () => main.removeEventListener('scroll', remember)
  }, [ready, scrolled])
}

function NoInstances() {
  return (
    <EmptyState
      icon={<IconLayoutGrid size={30} stroke={1.6} />}
      title="No instances yet"
      action={
        <Button component={Link} href="/create" size="lg" mt={8} leftSection={<IconPlus size={20} aria-hidden />}>
          Create the first instance
        </Button>
      }
    >
      <p>
        An instance is an independent copy of your application, with its own database, port, uploads and administrator.
      </p>
      <p>Answer three questions, and the rest is done for you. If anything fails, everything is undone.</p>
    </EmptyState>
  )
}

/** @param lost how many are running unknown to PM2 */
function summary(made: readonly ShownInstance[], lost: number): string | undefined {
  if (!made.length) return undefined
  const online = made.filter(it => it.instance.status === 'online').length
  if (made.length === 1) return online ? 'One instance, online' : 'One instance, not online'
  return `${made.length} instances, ${online === made.length ? 'all' : online} online${lost ? `, ${lost} without PM2` : ''}`
}
