/** The text selected in a terminal, with or without colours. */
import type { IBufferCell, Terminal } from '@xterm/xterm'
import { sequenceOf, type Style } from './spans'

export function selectedText(view: Terminal, colours: boolean): string {
  const range = view.getSelectionPosition()
  if (!colours || !range) return view.getSelection()
  const rows: string[] = []
  for (let y = range.start.y; y <= range.end.y; y++) {
    const line = view.buffer.active.getLine(y)
    if (!line) continue
    const end = y === range.end.y ? range.end.x : line.length
    let text = ''
    let look = ''
    let written = 0 // leaves out cells that were never written to, but not spaces
    for (let x = y === range.start.y ? range.start.x : 0; x < end; x++) {
      const cell = line.getCell(x)
      if (!cell || cell.getWidth() === 0) continue
      const next = sequenceOf(styleOf(cell))
      if (next !== look) {
        text += next
        look = next
      }
      text += cell.getChars() || ' '
      if (cell.getChars()) written = text.length
    }
    const whole = `${text.slice(0, written)}\u001b[0m`
    if (line.isWrapped && rows.length) rows.push((rows.pop() ?? '') + whole)
    else rows.push(whole)
  }
  return rows.join('\n')
}

function styleOf(cell: IBufferCell): Style {
  const hex = (colour: number): string => `#${colour.toString(16).padStart(6, '0')}`
  return {
    fg: cell.isFgRGB() ? hex(cell.getFgColor()) : cell.isFgPalette() ? cell.getFgColor() : undefined,
    bg: cell.isBgRGB() ? hex(cell.getBgColor()) : cell.isBgPalette() ? cell.getBgColor() : undefined,
    bold: cell.isBold() !== 0,
    dim: cell.isDim() !== 0,
    italic: cell.isItalic() !== 0,
    underline: cell.isUnderline() !== 0,
    struck: cell.isStrikethrough() !== 0,
    inverse: cell.isInverse() !== 0,
  }
}
