import { describe, expect, it } from 'vitest'
import { documentAt, linkedFrom, sectionOf } from '../../../src/renderer/src/help/documents'
import { blocksOf, inlinesOf, type Block } from '../../../src/renderer/src/help/markdown'

describe('Markdown', () => {
  it('reads what our documents are written in', () => {
    const text =
      '# One\n\nTwo *three*\nfour.\n\n![picture](x.png)\n\n- a\n  more\n- b\n\n1. c\n\n| h |\n|---|\n| `x\\|y` |\n\n```sh\nls | wc\n```\n\n```mermaid\nx\n```\n'
    expect(blocksOf(text)).toEqual([
      { type: 'heading', level: 1, text: 'One' },
      { type: 'paragraph', text: 'Two *three* four.' },
      { type: 'list', ordered: false, items: ['a more', 'b'] },
      { type: 'list', ordered: true, items: ['c'] },
      { type: 'table', head: ['h'], rows: [['`x|y`']] },
      { type: 'code', text: 'ls | wc' },
    ])
    expect(inlinesOf('a `b*c*` **d** *e f* [g `h`](i.md) 2 * 3 * 4')).toEqual([
      { type: 'text', text: 'a ' },
      { type: 'code', text: 'b*c*' },
      { type: 'text', text: ' ' },
      { type: 'strong', text: 'd' },
      { type: 'text', text: ' ' },
      { type: 'emphasis', text: 'e f' },
      { type: 'text', text: ' ' },
      { type: 'link', text: 'g h', to: 'i.md' },
      { type: 'text', text: ' 2 * 3 * 4' },
    ])
  })
})

function textsOf(block: Block): readonly string[] {
  if (block.type === 'list') return block.items
  if (block.type === 'table') return block.rows.flat()
  return block.type === 'code' ? [] : [block.text]
}

describe('the documents', () => {
  const links = (path: string): string[] =>
    blocksOf(documentAt(path) ?? '')
      .flatMap(textsOf)
      .flatMap(it => inlinesOf(it))
      .flatMap(it => (it.type === 'link' ? [it.to] : []))

  it('come with the app, and their links lead to each other', () => {
    for (const path of ['README.md', 'docs/architecture.md', 'docs/problems.md'])
      for (const to of links(path).filter(it => it.replace(/#.*/, '').endsWith('.md')))
        expect([path, to, linkedFrom(path, to)]).toEqual([path, to, expect.any(String)])
    expect(links('README.md').length).toBeGreaterThan(3)
  })

  it('link to headings that are there', () => {
    expect(sectionOf('`infra up|down`: PostgreSQL, and so on')).toBe('infra-updown-postgresql-and-so-on')
    expect(linkedFrom('README.md', '#backups')).toBe('README.md?section=backups')
    for (const path of [
      'README.md',
      'docs/architecture.md',
      'docs/security.md',
      'docs/problems.md',
      'docs/manifest.md',
    ])
      for (const to of links(path).filter(it => it.includes('#'))) {
        const [target = '', section] = (linkedFrom(path, to) ?? '').split('?section=')
        const headings = blocksOf(documentAt(target) ?? '').flatMap(it => (it.type === 'heading' ? [it.text] : []))
        expect([path, headings.map(sectionOf)]).toEqual([path, expect.arrayContaining([section])])
      }
  })

  it.each(['https://example.org/docs/cli.md', 'javascript:alert(1)', '../../etc/passwd', 'images/'])(
    '“%s” leads to none',
    to => {
      expect(linkedFrom('docs/problems.md', to)).toBeUndefined()
    },
  )
})
