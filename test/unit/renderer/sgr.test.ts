import { describe, expect, it } from 'vitest'
import fc from 'fast-check'
import { SgrFilter } from '../../../src/renderer/src/operations/sgr'

const filter = (...chunks: string[]) => {
  const it = new SgrFilter()
  return chunks.map(chunk => it.push(chunk)).join('')
}

describe('only text and colours reach the terminal', () => {
  it('passes text, line ends, tabs and colours', () => {
    expect(filter('\u001b[1;32mok\u001b[0m\tdone\r\n')).toBe('\u001b[1;32mok\u001b[0m\tdone\r\n')
  })
  it.each([
    ['a window title (OSC, BEL)', 'a\u001b]0;owned\u0007b'],
    ['a window title (OSC, ST)', 'a\u001b]0;owned\u001b\\b'],
    ['a link (OSC 8)', 'a\u001b]8;;https://example.org\u0007b'],
    ['a cursor movement', 'a\u001b[2Ab'],
    ['a screen erasure', 'a\u001b[2Jb'],
    ['a request that the terminal answers', 'a\u001b[6n\u001b[cb'],
    ['a device control string', 'a\u001bP$q"p\u001b\\b'],
    ['a private mode', 'a\u001b[?1049hb'],
    ['a reset', 'a\u001bcb'],
    ['8-bit controls', 'a\u009b2J\u009d0;owned\u009cb'],
    ['bells and backspaces', 'a\u0007\u0008b'],
  ])('drops %s', (_what, text) => {
    expect(filter(text)).toBe('ab')
  })

  it('knows a sequence that is split anywhere', () => {
    const text = 'x\u001b[31mred\u001b]0;title\u0007\u001b[0m\u001b[2Ky'
    for (let at = 0; at <= text.length; at++)
      expect(filter(text.slice(0, at), text.slice(at))).toBe('x\u001b[31mred\u001b[0my')
  })
  it('an endless sequence does not swallow the output', () => {
    expect(filter(`\u001b]0;${'x'.repeat(600)}`)).toContain('xxx')
  })
  it('whatever comes, what passes has no other escape', () => {
    fc.assert(
      fc.property(
        fc.array(
          fc.string({
            unit: fc.constantFrom('\u001b', '[', ']', 'm', '2', ';', 'J', '\u0007', '\\', 'a', '\u009b', 'P'),
          }),
        ),
        chunks => {
          const rest = filter(...chunks).replaceAll(/\u001b\[[0-9;:]*m/g, '')
          expect(rest).not.toMatch(/[\u001b\u0007\u0080-\u009f]/)
        },
      ),
    )
  })
})
