/** The first thing that a window shows: which program it is, then which workspace is being opened. */
import { Loader } from '@mantine/core'
import { IconStack2 } from '@tabler/icons-react'
import classes from './app.module.css'

/** @param name the workspace's, once it is known */
export function Opening({ name }: { name?: string }) {
  return (
    <main className={classes.opening}>
      <IconStack2 size={36} stroke={1.6} aria-hidden />
      <p>{name === undefined ? 'Instance Manager' : `Opening ${name}…`}</p>
      <Loader
        size="sm"
        type="dots"
        role="progressbar"
        aria-label={name === undefined ? 'Connecting' : 'Opening the workspace'}
      />
    </main>
  )
}
