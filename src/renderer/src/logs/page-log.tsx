/** The log of an instance or a service, on its page. */
import { useLocation } from 'wouter'
import type { LogSource } from '../../../shared/log'
import { LogView } from './log-view'
import { useLogWindow } from './log-window'
import { othersOf } from './moment-panes'
import { panesText } from './sources'
import classes from './logs.module.css'

/** @param errorsOnly starts with only the errors, scrolled to the last one */
export function PageLog({ source, errorsOnly = false }: { source: LogSource; errorsOnly?: boolean }) {
  const [, navigate] = useLocation()
  const openWindow = useLogWindow()
  return (
    <div className={classes.tab}>
      <LogView
        pane={{ source, errorsOnly: errorsOnly || undefined }}
        onWindow={it => openWindow([it])}
        onMoment={(at, pane) =>
          navigate(
            `/logs/${panesText([pane, ...othersOf(pane.source)].map(it => ({ ...('source' in it ? it : { source: it }), at })))}`,
          )
        }
      />
    </div>
  )
}
