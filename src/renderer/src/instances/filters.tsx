/** The list's filters: as chips in one line, and in a menu where the line is too short for all of them. */
import { Menu, UnstyledButton } from '@mantine/core'
import { IconCheck, IconChevronDown, IconCircleArrowUp, IconStar, IconTag } from '@tabler/icons-react'
import { useEffect, useRef, useState, type RefObject } from 'react'
import type { StatusGroup } from '../../../shared/status'
import { instanceTone, instanceWord, StatusIcon } from '../app/status'
import { isStatusFilter, isTagFilter, tagFilter, type Filter, type TagCount } from './arrange'
import classes from './list.module.css'

/** How many instances each filter lets through. */
export interface FilterCounts {
  readonly total: number
  /** Those whose code is older than the base application's. */
  readonly outdated: number
  readonly favourites: number
  readonly tags: readonly TagCount[]
  readonly groups: readonly { readonly group: StatusGroup; readonly count: number }[]
}

interface Choice {
  readonly filter: Filter
  readonly word: string
  readonly count: number
}

/** The active filter stays, even if it lets nothing through any more. */
function choicesOf({ total, outdated, favourites, tags, groups }: FilterCounts, chosen: Filter): Choice[] {
  const shown =
    isStatusFilter(chosen) && !groups.some(it => it.group === chosen)
      ? [...groups, { group: chosen, count: 0 }]
      : groups
  const others: readonly Choice[] = [
    { filter: 'outdated', word: 'Outdated', count: outdated },
    { filter: 'favourites', word: 'Favourites', count: favourites },
  ]
  return [
    { filter: 'all', word: 'All', count: total },
    ...shown.map(({ group, count }) => ({ filter: group, word: wordOf(group), count })),
    ...others.filter(it => it.count > 0 || it.filter === chosen),
    ...tags.map(({ tag, count }) => ({ filter: tagFilter(tag), word: tag, count })),
  ]
}

const wordOf = (group: StatusGroup): string => (group === 'busy' ? 'Working' : instanceWord[group])

interface FiltersProps {
  counts: FilterCounts
  chosen: Filter
  onChoose: (filter: Filter) => void
}

export function Filters({ counts, chosen, onChoose }: FiltersProps) {
  const choices = choicesOf(counts, chosen)
  const line = useRef<HTMLDivElement>(null)
  const fitting = useFitting(line)
  const hidden = choices.slice(fitting)
  const choose = (filter: Filter): void => onChoose(chosen === filter ? 'all' : filter)
  return (
    <>
      <div ref={line} className={classes.chips}>
        {choices.map(({ filter, word, count }, index) => (
          <UnstyledButton
            key={filter}
            className={classes.chip}
            aria-pressed={chosen === filter}
            data-hidden={index >= fitting || undefined}
            onClick={() => choose(filter)}
          >
            <FilterIcon filter={filter} />
            {word}
            <span className={classes.chipCount}>{count}</span>
          </UnstyledButton>
        ))}
      </div>
      <More hidden={hidden} chosen={chosen} onChoose={choose} />
    </>
  )
}

/** Always there, so that it takes no room from the chips when it appears. Shows the chosen filter if it is in it. */
function More({ hidden, chosen, onChoose }: { hidden: readonly Choice[] } & Omit<FiltersProps, 'counts'>) {
  const current = hidden.find(it => it.filter === chosen)
  return (
    <Menu
      position="bottom-end"
      width={240}
      withInitialFocusPlaceholder={false}
      classNames={{ itemIndicator: classes.check }}
    >
      <Menu.Target>
        <UnstyledButton
          className={classes.chip}
          aria-label={current ? `More filters: ${current.word}` : 'More filters'}
          aria-pressed={current !== undefined}
          data-hidden={hidden.length === 0 || undefined}
        >
          {current ? (
            <>
              <FilterIcon filter={current.filter} />
              <span className={classes.chipWord}>{current.word}</span>
              <span className={classes.chipCount}>{current.count}</span>
            </>
          ) : (
            `${hidden.length} more`
          )}
          <IconChevronDown size={14} aria-hidden />
        </UnstyledButton>
      </Menu.Target>
      <Menu.Dropdown className={classes.menu} mah={400}>
        {hidden.map(({ filter, word, count }) => (
          <Menu.RadioItem
            key={filter}
            value={filter}
            checked={filter === chosen}
            checkIcon={<IconCheck size={16} aria-hidden />}
            rightSection={<span className={classes.chipCount}>{count}</span>}
            closeMenuOnClick
            onClick={() => onChoose(filter)}
          >
            <span className={classes.chipItem}>
              <FilterIcon filter={filter} />
              {word}
            </span>
          </Menu.RadioItem>
        ))}
      </Menu.Dropdown>
    </Menu>
  )
}

/** How many of an element's children are in its first line; the others have wrapped. */
function useFitting(element: RefObject<HTMLElement | null>): number {
  const [fitting, setFitting] = useState(Infinity)
  useEffect(() => {
    const line = element.current
    if (!line) return undefined
    const measure = (): void => {
      const children = [...line.children] as HTMLElement[]
      const wrapped = children.findIndex(it => it.offsetTop > (children[0]?.offsetTop ?? 0))
      setFitting(wrapped < 0 ? Infinity : wrapped)
    }
    const resize = new ResizeObserver(measure)
    resize.observe(line)
    const content = new MutationObserver(measure) // words and numbers
    content.observe(line, { childList: true, characterData: true, subtree: true })
    return () => {
      resize.disconnect()
      content.disconnect()
    }
  }, [element])
  return fitting
}

function FilterIcon({ filter }: { filter: Filter }) {
  if (filter === 'all') return null
  if (isTagFilter(filter)) return <IconTag size={14} aria-hidden />
  if (filter === 'favourites') return <IconStar size={14} aria-hidden />
  if (filter === 'outdated') return <IconCircleArrowUp size={14} aria-hidden />
  return <StatusIcon tone={filter === 'busy' ? 'busy' : instanceTone[filter]} size={14} />
}
