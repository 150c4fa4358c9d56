/** What an operator has typed into the table of variables, and what it would change. */
import { keyProblem, valueProblem, whyOwned, type EnvChange } from '../../../shared/environment'
import type { InstanceDetails } from '../../../shared/instance'

export interface Row {
  readonly id: number
  /** As it is in the file; its value is absent until it has been revealed. Absent: a new variable. */
  readonly was?: { readonly key: string; readonly value?: string }
  readonly key: string
  /** Absent: nothing was typed over a hidden value. */
  readonly value?: string
  readonly removed: boolean
}

/** The variables that can be edited, in the order of the file. */
export const rowsOf = (env: InstanceDetails['env']): Row[] =>
  env
    .filter(it => whyOwned(it.key) === undefined)
    .map((was, id) => ({ id, was, key: was.key, value: was.value, removed: false }))

export const newRow = (rows: readonly Row[]): Row => ({
  id: Math.max(-1, ...rows.map(it => it.id)) + 1,
  key: '',
  value: '',
  removed: false,
})

/** Nothing was typed into it. */
const isBlank = ({ was, key, value }: Row): boolean => !was && key === '' && !value

/** @returns undefined if the row changes nothing */
export function changeOf(row: Row): EnvChange | undefined {
  const { was, key, value, removed } = row
  if (isBlank(row)) return undefined
  if (removed) return { key, value: null }
  if (value === undefined || value === was?.value) return undefined
  return { key, value }
}

/** The row as it was before anything was typed. */
export const reverted = (row: Row): Row => ({ ...row, value: row.was?.value, removed: false })

/** The row once its hidden value has been read. What was typed over it in the meantime stays. */
export const revealed = (row: Row, value: string): Row => ({
  ...row,
  was: { key: row.key, value },
  value: row.value ?? value,
})

export const changesOf = (rows: readonly Row[]): EnvChange[] => rows.flatMap(it => changeOf(it) ?? [])

export interface RowErrors {
  readonly key?: string | undefined
  readonly value?: string | undefined
}

export function errorsOf(row: Row, rows: readonly Row[]): RowErrors {
  if (isBlank(row)) return {}
  const { was, key, value, removed } = row
  const isTwice = rows.some(it => it.id !== row.id && it.key === key)
  return {
    key: was ? undefined : (keyProblem(key) ?? whyOwned(key) ?? (isTwice ? 'It is already in the list.' : undefined)),
    value: removed || value === undefined ? undefined : valueProblem(value),
  }
}

export const hasErrors = (rows: readonly Row[]): boolean =>
  rows.some(it => Object.values(errorsOf(it, rows)).some(error => error !== undefined))
