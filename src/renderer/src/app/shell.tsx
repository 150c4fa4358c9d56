/** The frame of all screens: navigation and top bar. */
import { Tooltip, UnstyledButton } from '@mantine/core'
import { useMediaQuery } from '@mantine/hooks'
import { IconStack2 } from '@tabler/icons-react'
import { useEffect, useRef } from 'react'
import { Link, useLocation } from 'wouter'
import { isOpen } from '../../../shared/operation'
import { useHelpKey } from '../help/shortcuts'
import { Announcer } from '../operations/announcer'
import { Recovered } from '../operations/recovered'
import { CommandPalette } from './command-palette'
import { DesktopNews } from './desktop-news'
import { useFailedLive, useOperations } from './live'
import { NativeMenu } from './native-menu'
import { useNativeTheme } from './native-theme'
import { Part, preload } from './later'
import { places } from './places'
import { ProblemView } from './problem'
import { LogsScreen, Routes } from './routes'
import { TopBar } from './top-bar'
import { UpdateNotice } from './update-notice'
import classes from './shell.module.css'

export function Shell() {
  const [location] = useLocation()
  const main = useRef<HTMLElement>(null)
  useEffect(() => void preload(), [])
  useHelpKey()
  useNativeTheme()
  const alone = /^\/window\/logs\/?(.*)$/.exec(location)
  if (alone)
    return (
      <main className={classes.alone}>
        <Part>
          <LogsScreen address={alone[1] ?? ''} alone />
        </Part>
      </main>
    )
  return (
    <div className={classes.shell}>
      <Navigation location={location} onSkip={() => main.current?.focus()} />
      <TopBar />
      <main key={screenOf(location)} ref={main} tabIndex={-1} className={classes.main}>
        <LiveProblems />
        <div className={classes.notices}>
          <UpdateNotice />
          <Recovered />
        </div>
        <Part>
          <Routes />
        </Part>
      </main>
      <CommandPalette />
      <NativeMenu />
      <Announcer />
      <DesktopNews />
    </div>
  )
}

/** Changes of the log panes, which are part of the address, don't count as a new screen. */
const screenOf = (location: string): string => (location.startsWith('/logs') ? '/logs' : location)

function Navigation({ location, onSkip }: { location: string; onSkip: () => void }) {
  const narrow = useMediaQuery('(max-width: 1100px)', false, { getInitialValueInEffect: false })
  const open = useOperations().operations.filter(isOpen).length
  return (
    <nav className={classes.nav} aria-label="Main">
      <UnstyledButton className={classes.skip} onClick={onSkip}>
        Skip to content
      </UnstyledButton>
      <div className={classes.brand}>
        <IconStack2 size={22} aria-hidden />
        <span>Instance Manager</span>
      </div>
      <ul>
        {places.map(({ to, word, Icon, also }) => {
          const active = [to, ...also].some(it => location === it || location.startsWith(`${it}/`))
          const running = to === '/activity' && open > 0
          return (
            <li key={to}>
              <Tooltip label={word} position="right" disabled={!narrow}>
                <Link
                  href={to}
                  className={classes.place}
                  aria-current={active ? 'page' : undefined}
                  aria-label={running ? `${word}, ${open} open` : word}
                >
                  <Icon size={20} stroke={1.7} aria-hidden />
                  <span>{word}</span>
                  {running && <span className={classes.count}>{open}</span>}
                </Link>
              </Tooltip>
            </li>
          )
        })}
      </ul>
    </nav>
  )
}

/** Failed subscriptions, shown above every screen. */
function LiveProblems() {
  const failed = useFailedLive()
  if (!failed.length) return null
  return (
    <div className={classes.problems}>
      {failed.map(
        ({ problem, retry }) => problem && <ProblemView key={problem.code} problem={problem} onRetry={retry} />,
      )}
    </div>
  )
}
