/** The list's toolbar: find by name, filter by status, table or grid. */
import { ActionIcon, Kbd, SegmentedControl, TextInput, Tooltip, UnstyledButton } from '@mantine/core'
import {
  IconCircleArrowUp,
  IconDownload,
  IconLayoutGrid,
  IconList,
  IconSearch,
  IconStar,
  IconTag,
  IconX,
} from '@tabler/icons-react'
import type { RefObject } from 'react'
import { instanceWord, StatusIcon, instanceTone } from '../app/status'
import { isStatusFilter, isTagFilter, tagFilter, type Filter, type ShownInstance } from './arrange'
import type { StatusGroup } from '../../../shared/status'
import { RebuildButton } from '../rebuild/rebuild-button'
import { useListState } from './list-state'
import { SavedViews } from './saved-views'
import classes from './list.module.css'

const wordOf = (group: StatusGroup): string => (group === 'busy' ? 'Working' : instanceWord[group])

interface ToolbarProps {
  total: number
  /** Those whose code is older than the base application's. */
  outdated: readonly ShownInstance[]
  /** How many there are. */
  favourites: number
  /** Tags to filter by. */
  tags: readonly { readonly tag: string; readonly count: number }[]
  groups: readonly { readonly group: StatusGroup; readonly count: number }[]
  search: RefObject<HTMLInputElement | null>
  onExport: () => void
}

export function Toolbar({ total, outdated, groups, favourites, tags, search, onExport }: ToolbarProps) {
  const { query, filter, view, arrange } = useListState()
  const setFilter = (chosen: Filter): void => arrange({ filter: chosen })
  // The active filter stays visible even if nothing has that status any more.
  const shown =
    isStatusFilter(filter) && !groups.some(it => it.group === filter)
      ? [...groups, { group: filter, count: 0 }]
      : groups
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
        <Chip filter="all" word="All" count={total} chosen={filter} onChoose={setFilter} />
        {shown.map(it => (
          <Chip
            key={it.group}
            filter={it.group}
            word={wordOf(it.group)}
            count={it.count}
            chosen={filter}
            onChoose={setFilter}
          />
        ))}
        {(outdated.length > 0 || filter === 'outdated') && (
          <Chip filter="outdated" word="Outdated" count={outdated.length} chosen={filter} onChoose={setFilter} />
        )}
        {(favourites > 0 || filter === 'favourites') && (
          <Chip filter="favourites" word="Favourites" count={favourites} chosen={filter} onChoose={setFilter} />
        )}
        {tags.map(({ tag, count }) => (
          <Chip key={tag} filter={tagFilter(tag)} word={tag} count={count} chosen={filter} onChoose={setFilter} />
        ))}
        {filter === 'outdated' && outdated.length > 0 && <RebuildButton chosen={outdated} word="Rebuild all" />}
      </div>
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
  )
}

function ChipIcon({ filter }: { filter: Filter }) {
  if (filter === 'all') return null
  if (isTagFilter(filter)) return <IconTag size={14} aria-hidden />
  if (filter === 'favourites') return <IconStar size={14} aria-hidden />
  if (filter === 'outdated') return <IconCircleArrowUp size={14} aria-hidden />
  return <StatusIcon tone={filter === 'busy' ? 'busy' : instanceTone[filter]} size={14} />
}

function Chip({
  filter,
  word,
  count,
  chosen,
  onChoose,
}: {
  filter: Filter
  word: string
  count: number
  chosen: Filter
  onChoose: (filter: Filter) => void
}) {
  return (
    <UnstyledButton
      className={classes.chip}
      aria-pressed={chosen === filter}
      onClick={() => onChoose(chosen === filter ? 'all' : filter)}
    >
      <ChipIcon filter={filter} />
      {word}
      <span className={classes.chipCount}>{count}</span>
    </UnstyledButton>
  )
}
