/** Copies text of a log. Confirmed inside the log for a moment: a notice below the screen would move its lines. */
import { useEffect, useMemo, useState, type ReactNode } from 'react'
import { count } from '../../../shared/amounts'
import { notifyProblem } from '../app/notify'
import classes from './view.module.css'

const shownFor = 2500 // milliseconds

export function useCopy(): { readonly copy: (text: string) => void; readonly confirmation: ReactNode } {
  const [confirmed, setConfirmed] = useState<{ readonly words: string }>()
  useEffect(() => {
    if (!confirmed) return
    const timer = setTimeout(() => setConfirmed(undefined), shownFor)
    return () => clearTimeout(timer)
  }, [confirmed])
  const copy = useMemo(
    () =>
      (text: string): void => {
        if (text === '') return setConfirmed({ words: 'Select some lines with the mouse first' })
        const words = `Copied ${count(text.split('\n').length, 'line')}`
        navigator.clipboard.writeText(text).then(() => setConfirmed({ words }), notifyProblem)
      },
    [],
  )
  return {
    copy,
    confirmation: (
      <div role="status" className={confirmed && classes.looking}>
        {confirmed?.words}
      </div>
    ),
  }
}
