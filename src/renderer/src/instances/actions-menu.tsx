/** The menu of one instance. A single menu serves the whole list. */
import { Menu } from '@mantine/core'
import { useWindowEvent } from '@mantine/hooks'
import { MenuPoint } from '../app/menu-point'
import type { ShownInstance } from './arrange'
import { useInstanceActions } from './actions'
import classes from './list.module.css'

interface ActionsMenuProps {
  shown: ShownInstance | undefined
  /** The corner it opens at, in window coordinates. */
  at: { readonly x: number; readonly y: number }
  onClose: () => void
}

export function ActionsMenu({ shown, at, onClose }: ActionsMenuProps) {
  useWindowEvent('resize', onClose) // its button is elsewhere now, or hidden
  const actionsOf = useInstanceActions()
  const actions = shown ? actionsOf(shown).filter(it => it.id !== 'show') : []
  return (
    // Its target is a button's corner, which may be just outside the visible area: show the menu all the same.
    <Menu
      opened={shown !== undefined}
      onChange={opened => {
        if (!opened) onClose()
      }}
      position="bottom-end"
      width={200}
      offset={4}
      hideDetached={false}
      returnFocus
      withInitialFocusPlaceholder={false}
      transitionProps={{ duration: 0 }}
      withinPortal={false}
      middlewares={{ flip: true, shift: true, size: true }} // a low window: it scrolls
      menuItemTabIndex={0} // what scrolls must be reached by Tab too
    >
      <Menu.Target>
        <MenuPoint at={at} />
      </Menu.Target>
      <Menu.Dropdown
        className={classes.menu}
        aria-label={`Actions for ${shown?.instance.name ?? ''}`}
        aria-labelledby={undefined}
      >
        {actions.map(({ id, label, Icon, run, danger }) => (
          <Menu.Item
            key={id}
            leftSection={<Icon size={16} stroke={1.8} aria-hidden />}
            className={danger ? classes.danger : undefined}
            onClick={run}
          >
            {label}
          </Menu.Item>
        ))}
      </Menu.Dropdown>
    </Menu>
  )
}
