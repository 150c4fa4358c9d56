/** The menu of one line. A single menu serves the whole log. */
import { Menu } from '@mantine/core'
import { IconClockSearch, IconCopy } from '@tabler/icons-react'
import type { LogLine } from '../../../shared/log'
import { MenuPoint } from '../app/menu-point'
import { colouredOf, plainOf } from './spans'

export interface LineMenuAt {
  readonly line: LogLine
  readonly x: number
  readonly y: number
}

export function LineMenu({
  at,
  onClose,
  onCopy,
  onMoment,
}: {
  at: LineMenuAt | undefined
  onClose: () => void
  onCopy: (text: string) => void
  onMoment: (at: number) => void
}) {
  const line = at?.line
  const moment = line?.at
  return (
    <Menu
      opened={at !== undefined}
      onChange={opened => {
        if (!opened) onClose()
      }}
      position="bottom-end"
      offset={4}
      returnFocus
      withInitialFocusPlaceholder={false}
      transitionProps={{ duration: 0 }}
    >
      <Menu.Target>
        <MenuPoint at={at} />
      </Menu.Target>
      <Menu.Dropdown aria-label="This line" aria-labelledby={undefined}>
        <Menu.Item
          leftSection={<IconClockSearch size={16} aria-hidden />}
          disabled={moment === undefined}
          onClick={() => {
            if (moment !== undefined) onMoment(moment)
          }}
        >
          Show this time in other logs
        </Menu.Item>
        <Menu.Item
          leftSection={<IconCopy size={16} aria-hidden />}
          onClick={() => {
            if (line) onCopy(plainOf(line.text))
          }}
        >
          Copy the line
        </Menu.Item>
        <Menu.Item
          leftSection={<IconCopy size={16} aria-hidden />}
          onClick={() => {
            if (line) onCopy(colouredOf(line.text))
          }}
        >
          Copy with colours
        </Menu.Item>
      </Menu.Dropdown>
    </Menu>
  )
}
