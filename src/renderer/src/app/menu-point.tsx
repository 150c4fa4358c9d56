/** An invisible target for a menu that opens at a point, e.g. where a row was clicked with the right button. */
import type { ComponentProps } from 'react'
import classes from './menu-point.module.css'

interface MenuPointProps extends ComponentProps<'button'> {
  /** In pixels, in the window. */
  at: { readonly x: number; readonly y: number } | undefined
}

export const MenuPoint = ({ at, ...others }: MenuPointProps) => (
  <button
    {...others}
    type="button"
    tabIndex={-1}
    aria-hidden
    className={classes.point}
    style={{ left: at?.x ?? 0, top: at?.y ?? 0 }}
  />
)
