/** Where notices are shown: below the screen. Dialogs end above it, by the variable `--shelf`. */
import { useElementSize } from '@mantine/hooks'
import { Notifications } from '@mantine/notifications'
import { useEffect } from 'react'
import classes from './shelf.module.css'

/** Notices; more would be hidden until others are closed. */
const limit = 100

export function Shelf() {
  const { ref, height } = useElementSize()
  useEffect(() => {
    document.documentElement.style.setProperty('--shelf', `${height}px`)
  }, [height])
  return (
    <div ref={ref} className={classes.shelf}>
      <Notifications
        limit={limit}
        withinPortal={false}
        classNames={{ root: classes.notices, notification: classes.notice }}
      />
    </div>
  )
}
