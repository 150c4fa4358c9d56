/** The list's toolbar: find by name, filter by status, table or grid. */
import { ActionIcon, Kbd, SegmentedControl, TextInput, Tooltip } from '@mantine/core'
import { IconDownload, IconLayoutGrid, IconList, IconSearch, IconX } from '@tabler/icons-react'
import type { RefObject } from 'react'
import type { ShownInstance, TagCount } from './arrange'
import { Filters, type FilterCounts } from './filters'
import type { StatusGroup } from '../../../shared/status'
import { RebuildButton } from '../rebuild/rebuild-button'
import { useListState } from './list-state'
import { SavedViews } from './saved-views'
import classes from './list.module.css'

interface ToolbarProps {
  total: number
  /** Those whose code is older than the base application's. */
  outdated: readonly ShownInstance[]
  /** How many there are. */
  favourites: number
  /** Tags to filter by. */
  tags: readonly TagCount[]
  groups: readonly { readonly group: StatusGroup; readonly count: number }[]
  search: RefObject<HTMLInputElement | null>
  onExport: () => void
}

export function Toolbar({ total, outdated, groups, favourites, tags, search, onExport }: ToolbarProps) {
  const { query, filter, view, arrange } = useListState()
  const counts: FilterCounts = { total, outdated: outdated.length, favourites, tags, groups }
  return (
    <div className={classes.toolbar} role="search" aria-label="Instances">
      <TextInput
        ref={search}
        className={classes.search}
        aria-label="Find by name or tag"
        placeholder="Find by name or tag"
        value={query}
        onChange={event => arrange({ query: event.currentTarget.value })}
        leftSection={<IconSearch size={16} aria-hidden />}
        autoComplete="off"
        spellCheck={false}
        aria-keyshortcuts="/"
        rightSection={
          query ? (
            <ActionIcon
              variant="subtle"
              color="gray"
              size="sm"
              aria-label="Clear"
              onClick={() => {
                arrange({ query: '' })
                search.current?.focus()
              }}
            >
              <IconX size={14} />
            </ActionIcon>
          ) : (
            <Kbd size="xs" aria-hidden>
              /
            </Kbd>
          )
        }
      />
      <div className={classes.filters} role="group" aria-label="Filter by status">
        <Filters counts={counts} chosen={filter} onChoose={chosen => arrange({ filter: chosen })} />
        {filter === 'outdated' && outdated.length > 0 && <RebuildButton chosen={outdated} word="Rebuild all" />}
      </div>
      <div className={classes.tools}>
        <SavedViews />
        <Tooltip label="Export the list as a CSV file">
          <ActionIcon variant="default" size={30} aria-label="Export the list as a CSV file" onClick={onExport}>
            <IconDownload size={16} aria-hidden />
          </ActionIcon>
        </Tooltip>
        <SegmentedControl
          aria-label="Layout"
          size="xs"
          className={classes.view}
          value={view}
          onChange={it => arrange({ view: it })}
          data={[
            {
              value: 'table',
              label: (
                <span className={classes.viewWord}>
                  <IconList size={16} aria-hidden />
                  Table
                </span>
              ),
            },
            {
              value: 'grid',
              label: (
                <span className={classes.viewWord}>
                  <IconLayoutGrid size={16} aria-hidden />
                  Grid
                </span>
              ),
            },
          ]}
        />
      </div>
    </div>
  )
}
