/** Parts of the page that load when they are first shown, or before that, while the page is idle. */
import { Loader } from '@mantine/core'
import { Component, Suspense, use, type ComponentType, type ReactNode } from 'react'
import { problem } from '../../../shared/problem'
import { problemOf } from './problem-of'
import { ProblemView } from './problem'
import classes from './later.module.css'

/** Loads each part; resolves once it has loaded, or failed. */
const preloads: (() => Promise<unknown>)[] = []

/** @param load imports a component; it must be shown within a `Part` */
export function later<Props extends object>(load: () => Promise<ComponentType<Props>>): ComponentType<Props> {
  let loaded: ComponentType<Props> | undefined
  let loading: Promise<ComponentType<Props>> | undefined
  const begin = (): Promise<ComponentType<Props>> =>
    (loading ??= load().then(
      it => (loaded = it),
      (error: unknown) => {
        throw unavailable(error)
      },
    ))
  preloads.push(() =>
    begin().catch(() => {
      loading = undefined // another attempt when it is shown
    }),
  )
  return function Later(props) {
    // What has loaded is shown at once, so a dialog can focus its first field.
    const Loaded = loaded ?? use(begin())
    return <Loaded {...props} />
  }
}

const unavailable = (error: unknown) =>
  problem(
    {
      code: 'page-outdated',
      message: 'This part of the page couldn’t be loaded.',
      cause: 'Instance Manager was updated after the page had been opened, or the connection was interrupted.',
      hint: 'Reload the page. Your instances and running jobs are not affected.',
    },
    error,
  )

/**
 * Loads all parts one after another, while nothing else is to be done. From then on, the page needs none of its files:
 * an update may replace them.
 */
export async function preload(): Promise<void> {
  for (const load of preloads) {
    await new Promise(resolve => requestIdleCallback(resolve))
    await load()
  }
}

/** Where parts are shown: calm while they load, and with a way out if they can't be, or fail. */
export const Part = ({ children }: { children: ReactNode }) => (
  <Boundary>
    <Suspense fallback={<Loader className={classes.loading} role="progressbar" aria-label="Loading" />}>
      {children}
    </Suspense>
  </Boundary>
)

class Boundary extends Component<{ children: ReactNode }, { error?: unknown }> {
  override state: { error?: unknown } = {}

  static getDerivedStateFromError(error: unknown) {
    return { error }
  }

  override render(): ReactNode {
    const { error } = this.state
    if (error === undefined) return this.props.children
    return (
      <div className={classes.failed}>
        <ProblemView problem={problemOf(error)} does={{ label: 'Reload', run: () => location.reload() }} />
      </div>
    )
  }
}
