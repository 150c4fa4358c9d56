/** The command palette (Ctrl+K) finds instances and actions by name. */
import { Spotlight, spotlight } from '@mantine/spotlight'
import { IconSearch, IconStack2, type Icon } from '@tabler/icons-react'
import { useState } from 'react'
import { useLocation } from 'wouter'
import { useInstanceActions } from '../instances/actions'
import { pageOf } from '../instances/page-of'
import { useShownInstances } from '../instances/use-shown'
import { useAppActions } from './actions'
import { findEntries, type SearchEntry } from './palette-search'

interface PaletteEntry extends SearchEntry {
  readonly icon: Icon
  readonly run: () => void
}

/** An instance and all that can be done with it. */
const limit = 20

export function CommandPalette() {
  const [query, setQuery] = useState('')
  return (
    // No transition: it is open and focused before the next keystroke, so fast typing loses no letters.
    <Spotlight.Root
      query={query}
      onQueryChange={setQuery}
      shortcut="mod + K"
      tagsToIgnore={[]}
      centered={false}
      scrollable
      maxHeight={420}
      transitionProps={{ duration: 0 }}
      attributes={{ content: { 'aria-label': 'Find' } }}
    >
      <Spotlight.Search
        autoFocus
        leftSection={<IconSearch size={18} aria-hidden />}
        placeholder="Find an instance or an action"
        aria-label="Find an instance or an action"
      />
      <Found query={query} />
    </Spotlight.Root>
  )
}

/** Makes the list's scroll area reachable by keyboard. */
const scrollable = { viewportProps: { tabIndex: 0 } }

/** Mounted only while the palette is open. */
function Found({ query }: { query: string }) {
  const groups = findEntries(useEntries(), query, limit)
  return (
    <Spotlight.ActionsList {...scrollable}>
      {groups.map(({ group, entries }) => (
        <Spotlight.ActionsGroup key={group} label={group}>
          {entries.map(({ id, label, description, icon: Mark, run }) => (
            <Spotlight.Action
              key={id}
              label={label}
              description={description}
              onClick={run}
              leftSection={<Mark size={18} stroke={1.7} aria-hidden />}
              highlightQuery
            />
          ))}
        </Spotlight.ActionsGroup>
      ))}
      {!groups.length && <Spotlight.Empty>No results.</Spotlight.Empty>}
    </Spotlight.ActionsList>
  )
}

function useEntries(): PaletteEntry[] {
  const [, navigate] = useLocation()
  const shown = useShownInstances()
  const actionsOf = useInstanceActions()
  const actions = useAppActions()
  return [
    // Pages first: Enter runs the first of equally good matches.
    ...shown.map(({ instance: { name, url, port }, status }, index): PaletteEntry => ({
      id: `show-${name}`,
      label: name,
      description: `${status.word} · ${url}`,
      keywords: `show port ${port}`,
      icon: IconStack2,
      run: () => navigate(pageOf(name)),
      group: 'Instances',
      offered: index < 6,
    })),
    ...shown.flatMap(it =>
      actionsOf(it)
        .filter(({ id }) => id !== 'show')
        .map(({ id, named, Icon: Mark, run }): PaletteEntry => {
          const { name, port } = it.instance
          return {
            id: `${id}-${name}`,
            label: named,
            keywords: `${port}`,
            icon: Mark,
            run,
            group: 'Instance actions',
            offered: false,
          }
        }),
    ),
    ...actions
      .filter(it => !it.disabled && it.run !== spotlight.open)
      .map(({ id, label, Icon: Mark, run, place, rare }): PaletteEntry => ({
        id,
        label,
        icon: Mark,
        run,
        group: place ? 'Go to' : 'Actions',
        offered: !rare,
      })),
  ]
}
