/** An instance's own log, on its page. */
import { useLocation } from 'wouter'
import { LogView } from './log-view'
import { useLogWindow } from './log-window'
import { othersOf } from './moment-panes'
import { panesText } from './sources'
import classes from './logs.module.css'

/** @param errorsOnly begins with the errors, the last of them in view */
export function InstanceLogs({ name, errorsOnly }: { name: string; errorsOnly: boolean }) {
  const [, navigate] = useLocation()
  const openWindow = useLogWindow()
  return (
    <div className={classes.tab}>
      <LogView
        pane={{ source: { kind: 'instance', name, stream: 'both' }, errorsOnly: errorsOnly || undefined }}
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
