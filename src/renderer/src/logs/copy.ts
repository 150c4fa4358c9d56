/** Copies text to the clipboard and confirms it. */
import { notifyNews, notifyProblem } from '../app/notify'

export function copyText(text: string): void {
  if (text === '') {
    notifyNews('Nothing is selected', 'Select some lines with the mouse first.', 'neutral')
    return
  }
  const lines = text.split('\n').length
  navigator.clipboard
    .writeText(text)
    .then(() => notifyNews('Copied', lines === 1 ? 'One line.' : `${lines} lines.`, 'good'), notifyProblem)
}
