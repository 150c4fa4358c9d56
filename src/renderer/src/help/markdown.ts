/** Reads the Markdown that our own documents are written in: headings, paragraphs, lists, tables, code, links. */

export type Inline =
  | { readonly type: 'text' | 'code' | 'strong' | 'emphasis'; readonly text: string }
  | { readonly type: 'link'; readonly text: string; readonly to: string }

export type Block =
  | { readonly type: 'heading'; readonly level: number; readonly text: string }
  | { readonly type: 'paragraph'; readonly text: string }
  | { readonly type: 'list'; readonly ordered: boolean; readonly items: readonly string[] }
  | { readonly type: 'table'; readonly head: readonly string[]; readonly rows: readonly (readonly string[])[] }
  | { readonly type: 'code'; readonly text: string }

const item = /^(\s*)(-|\d+\.) +/

/** Pictures and HTML are left out. */
export function blocksOf(markdown: string): Block[] {
  const lines = markdown.split('\n')
  const blocks: Block[] = []
  /** Takes the lines from here on that belong together. */
  const take = (belongs: (line: string) => boolean): string[] => {
    const end = lines.findIndex(it => !belongs(it))
    return lines.splice(0, end < 0 ? lines.length : end)
  }
  while (lines.length > 0) {
    const [line = ''] = lines
    const heading = /^(#+) (.*)$/.exec(line)
    if (line.trim() === '' || line.startsWith('![')) lines.shift()
    else if (heading) {
      lines.shift()
      blocks.push({ type: 'heading', level: heading[1]?.length ?? 1, text: heading[2] ?? '' })
    } else if (line.startsWith('```')) {
      lines.shift()
      const code = take(it => !it.startsWith('```'))
      lines.shift()
      if (line !== '```mermaid') blocks.push({ type: 'code', text: code.join('\n') })
    } else if (line.startsWith('|')) {
      const [head = [], , ...rows] = take(it => it.startsWith('|')).map(cellsOf)
      if (!rows.flat().some(it => it.startsWith('!['))) blocks.push({ type: 'table', head, rows })
    } else if (item.test(line)) {
      const items = take(it => item.test(it) || /^\s+\S/.test(it)).reduce<string[]>(
        (all, it) =>
          item.test(it) ? [...all, it.replace(item, '')] : [...all.slice(0, -1), `${all.at(-1) ?? ''} ${it.trim()}`],
        [],
      )
      blocks.push({ type: 'list', ordered: /^\s*\d/.test(line), items })
    } else {
      const text = take(it => it.trim() !== '' && !/^(#+ |```|\||- |\d+\. )/.test(it)).join(' ')
      if (!text.startsWith('<')) blocks.push({ type: 'paragraph', text })
    }
  }
  return blocks
}

/** A `\|` is a bar of the cell's own. */
const cellsOf = (row: string): string[] =>
  row
    .replace(/^\||\|\s*$/g, '')
    .split(/(?<!\\)\|/)
    .map(it => it.replaceAll('\\|', '|').trim())

const marked = /`([^`]+)`|\*\*([^*]+)\*\*|(?<![\w*])\*([^*\s][^*]*)\*|\[([^\]]+)\]\(([^)\s]+)\)/g

export function inlinesOf(text: string): Inline[] {
  const found: Inline[] = []
  let from = 0
  for (const { index, 0: whole, 1: code, 2: strong, 3: emphasis, 4: link, 5: to } of text.matchAll(marked)) {
    if (index > from) found.push({ type: 'text', text: text.slice(from, index) })
    if (code !== undefined) found.push({ type: 'code', text: code })
    else if (strong !== undefined) found.push({ type: 'strong', text: strong })
    else if (emphasis !== undefined) found.push({ type: 'emphasis', text: emphasis })
    else if (link !== undefined && to !== undefined) found.push({ type: 'link', text: link.replaceAll('`', ''), to })
    from = index + whole.length
  }
  if (from < text.length) found.push({ type: 'text', text: text.slice(from) })
  return found
}
