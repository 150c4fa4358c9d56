/** The keyboard shortcuts: a list, and the dialog that `?` opens. */
import { Kbd, Title } from '@mantine/core'
import { modals } from '@mantine/modals'
import { useEffect } from 'react'
import { isCovered } from '../app/covered'
import { helpKey, isTyping, keyGroups } from '../app/keys'
import classes from './help.module.css'

export const showShortcuts = (): void => {
  modals.open({ title: 'Keyboard shortcuts', size: 520, children: <Shortcuts /> })
}

export function useHelpKey(): void {
  useEffect(() => {
    const listen = (event: KeyboardEvent): void => {
      if (event.key !== helpKey || event.defaultPrevented || isTyping(event.target) || isCovered(event)) return
      event.preventDefault()
      showShortcuts()
    }
    window.addEventListener('keydown', listen)
    return () => window.removeEventListener('keydown', listen)
  }, [])
}

export const Shortcuts = () => (
  <div className={classes.groups}>
    {keyGroups.map(({ title, keys }) => (
      <section key={title} aria-label={title}>
        <Title order={3}>{title}</Title>
        <dl className={classes.facts}>
          {keys.map(({ keys: pressed, word }) => (
            <div key={word}>
              <dt>{word}</dt>
              <dd>
                {pressed.map(it => (
                  <Kbd key={it} size="sm">
                    {it}
                  </Kbd>
                ))}
              </dd>
            </div>
          ))}
        </dl>
      </section>
    ))}
  </div>
)
