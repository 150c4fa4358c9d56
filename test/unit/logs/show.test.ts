import fc from 'fast-check'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { coloured, mask, Masks, show } from '../../../src/main/logs/show'
import { formsOf, secretsInEnv } from '../../../src/main/workspace/known-secrets'
import type { LogProgress } from '../../../src/shared/log'
import { temporary } from '../temporary'
import { all, pageOf, viewOf } from './simple'

const shown = (text: string): string => coloured(show(text))

describe('a hostile line', () => {
  it('keeps its colours, and ends them', () => {
    expect(shown('\u001b[1;32mok\u001b[0m \u001b[38;5;208mo\u001b[48;2;1;2;3mx')).toBe(
      '\u001b[1;32mok\u001b[0m \u001b[38;5;208mo\u001b[48;2;1;2;3mx\u001b[0m',
    )
  })
  it.each([
    ['a window title', 'a\u001b]0;owned\u0007b'],
    ['a window title (ST)', 'a\u001b]0;owned\u001b\\b'],
    ['a link', 'a\u001b]8;;https://example.org\u0007b\u001b]8;;\u0007'],
    ['a cursor movement', 'a\u001b[2Ab'],
    ['an erasure', 'a\u001b[2J\u001b[Hb'],
    ['a question to the terminal', 'a\u001b[6n\u001b[cb'],
    ['a device string', 'a\u001bP$q"p\u001b\\b'],
    ['another screen', 'a\u001b[?1049hb'],
    ['a reset', 'a\u001bcb'],
    ['another character set', 'a\u001b(0b'],
    ['concealed text', 'a\u001b[8mb'],
    ['blinking text', 'a\u001b[5mb'],
    ['the clipboard', 'a\u001b]52;c;aGk=\u0007b'],
  ])('drops %s', (_, text) => {
    expect(shown(text)).toBe('ab')
  })
  it('shows control characters and what is invisible', () => {
    expect(shown('a\0b\rc\u0008d\u007fe\tf')).toBe('a␀b␍c␈d␡e\tf')
    expect(shown('a\u202eb\u200bc\u2066d\ufeffe\u009b2Jf\u2028g\u{e0041}h')).toBe('a�b�c�d�e�2Jf�g�h')
    expect(shown('Grüße, 学校 🎉')).toBe('Grüße, 学校 🎉')
  })
  it('keeps colours but what hides, in one sequence', () => {
    expect(shown('\u001b[31;8;1mx')).toBe('\u001b[31;1mx\u001b[0m')
  })
  it('an endless sequence does not swallow the line', () => {
    expect(shown(`\u001b]0;${'x'.repeat(9000)}`)).toContain('xxx')
  })

  it('whatever comes, nothing but colours and text leaves', () => {
    const part = fc.constantFrom(
      '\u001b',
      '[',
      ']',
      'm',
      '2',
      ';',
      'J',
      '\u0007',
      '\\',
      'a',
      '\u009b',
      'P',
      '\r',
      '\0',
      '\u202e',
      '\u200d',
      '\ud800',
      '8',
      '\u001b[8m',
      '38',
      '5',
    )
    fc.assert(
      fc.property(
        fc.array(part).map(it => it.join('')),
        text => {
          const rest = shown(text).replaceAll(/\u001b\[[0-9;:]*m/g, '')
          expect(rest).not.toMatch(/[\u0000-\u0008\u000a-\u001f\u007f-\u009f\u200b-\u200f\u202a-\u202e\u2066-\u2069]/)
          expect(shown(text)).not.toMatch(/\u001b\[(?:[0-9:]*;)*8(?:;|m)(?<!\[[345]8;5;8m)/)
        },
      ),
      { numRuns: 2000 },
    )
  })

  it('of bytes that are no text, in a file, only safe text comes', async () => {
    const folder = await temporary()
    const path = join(folder, 'a-out.log')
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 400 }), async bytes => {
        await writeFile(path, bytes)
        for (const { text } of (await pageOf(viewOf(folder, [{ path, name: 'out' }]), { type: 'end' }, 1000)).lines) {
          expect(text.replaceAll(/\u001b\[[0-9;:]*m/g, '')).not.toMatch(/[\u0000-\u0008\u000a-\u001f\u007f-\u009f]/)
        }
      }),
      { numRuns: 200 },
    )
  })
})

describe('masks', () => {
  const env =
    'DATABASE_URL="postgresql://a_user:p%40ss%2Fword1@localhost:16432/a_db"\nJWT_SECRET=jwt-very-secret\nEMAIL_PASSWORD="mail \\"pass"\nPORT=5000\nNODE_ENV=production\nFLAG_TOKEN=true\nPIN_SECRET=1'
  const secrets = formsOf([...secretsInEnv(env), 'line one of a key\nline two of a key'])
  const masked = (text: string): string => coloured(new Masks(secrets).apply(show(text)))

  it('knows what of an .env is secret, decoded and encoded', () => {
    expect(masked('url postgresql://a_user:p%40ss%2Fword1@localhost and p@ss/word1')).toBe(
      `url postgresql://a_user:${mask}@localhost and ${mask}`,
    )
    expect(masked('token jwt-very-secret, port 5000, true 1')).toBe(`token ${mask}, port 5000, true 1`)
    expect(masked('{"password":"mail \\"pass"}')).toBe(`{"password":"${mask}"}`)
    expect(masked('line two of a key')).toBe(mask)
  })
  it('colours inside a secret do not keep it from being masked, and stay', () => {
    expect(masked('\u001b[31mx jwt-very\u001b[32m-secret y')).toBe(`\u001b[31mx ${mask}\u001b[32m y\u001b[0m`)
  })
  it('a longer secret that begins with a shorter one is masked as a whole', () => {
    expect(new Masks(['abcd', 'abcdef']).apply(show('abcdef abcd')).plain).toBe(`${mask} ${mask}`)
  })
  it('what is masked is not found, and what is at the cut of a long line does not show its beginning', async () => {
    const folder = await temporary()
    const path = join(folder, 'a-out.log')
    const view = (search: string, secret: readonly string[]) =>
      viewOf(folder, [{ path, name: 'out' }], { search: { text: search, matchCase: false, regex: false } }, secret)
    await writeFile(
      path,
      `before hunter22secret after\n${'x'.repeat(8187)}hunter22secret${'y'.repeat(500)}\nhunt\u001b[31mer22secret\n`,
    )
    const hits = async (text: string, secret: readonly string[]) =>
      (await all<LogProgress>({ view: view(text, secret), type: 'count' })).at(-1)?.hits
    expect(await hits('hunter22secret', [])).toBe(3)
    expect(await hits('hunter22secret', ['hunter22secret'])).toBe(0)
    expect(await hits('hunter', ['hunter22secret'])).toBe(0)
    expect(await hits(mask, ['hunter22secret'])).toBe(3)
    const { lines } = await pageOf(view('hunt', ['hunter22secret']), { type: 'start' }, 10)
    expect(lines.map(it => it.matches)).toEqual([[], [], []])
    expect(lines[1]?.text).not.toContain('hunt')
    expect(lines[1]?.cut).toBe(8187 + 14 + 500)
  })
})
