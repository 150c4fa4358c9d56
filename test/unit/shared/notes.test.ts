/** What a step notes: names and code, in a window and on a terminal. */
import { expect, it } from 'vitest'
import { codeLines, noteLines, noteParts, splitNames } from '../../../src/shared/notes'

const sql = 'CREATE TABLE "a" (\n    "it`s" TEXT\n);\n'
const notes = ['Drops table `a`: one row.', 'SQL:', codeLines(sql), 'Kept for a rollback.'].join('\n')

it('sentences and code are told apart, and code stays as it is', () => {
  expect(noteParts(notes)).toEqual([
    { code: false, text: 'Drops table `a`: one row.' },
    { code: false, text: 'SQL:' },
    { code: true, text: sql.trim() },
    { code: false, text: 'Kept for a rollback.' },
  ])
  expect(splitNames('Drops table `a`: one row.')).toEqual(['Drops table ', 'a', ': one row.'])
  expect(splitNames('A ` alone is text.')).toEqual(['A ` alone is text.'])
})

it('a terminal gets quotation marks for names, and code as it is', () => {
  expect(noteLines(notes)).toEqual([
    'Drops table “a”: one row.',
    'SQL:',
    '    CREATE TABLE "a" (',
    '        "it`s" TEXT',
    '    );',
    'Kept for a rollback.',
  ])
})
