/** Rarer actions on the selected instances. */
import { Button, Menu } from '@mantine/core'
import { IconChevronDown } from '@tabler/icons-react'
import { deleteJob } from '../../../shared/jobs/delete'
import { changePortJob } from '../../../shared/jobs/lifecycle'
import { faceOf } from '../jobs/faces'
import { about, useJobs } from '../jobs/jobs'
import type { ShownInstance } from './arrange'
import { freeAmong } from './chosen-button'
import { deleteSeveral } from './delete-several'
import { portsSeveral } from './ports-several'

const actions = [
  { kind: changePortJob.kind, word: 'Change ports…', ask: portsSeveral, danger: false },
  { kind: deleteJob.kind, word: 'Delete…', ask: deleteSeveral, danger: true },
] as const

/** For one instance, each opens its own dialog. */
export function BulkMore({ chosen }: { chosen: readonly ShownInstance[] }) {
  const { ask } = useJobs()
  return (
    <Menu position="top-end">
      <Menu.Target>
        <Button size="xs" variant="default" rightSection={<IconChevronDown size={14} aria-hidden />}>
          More
        </Button>
      </Menu.Target>
      <Menu.Dropdown>
        {actions.map(({ kind, word, ask: several, danger }) => {
          const { Icon, dialog } = faceOf(kind)
          const { free, skipped } = freeAmong(chosen, danger)
          const [first] = free
          return (
            <Menu.Item
              key={kind}
              color={danger ? 'red' : undefined}
              disabled={!first}
              leftSection={<Icon size={16} aria-hidden />}
              onClick={() =>
                first && ask(free.length === 1 && dialog ? about(dialog, first.instance.name) : several(free, skipped))
              }
            >
              {word}
            </Menu.Item>
          )
        })}
      </Menu.Dropdown>
    </Menu>
  )
}
