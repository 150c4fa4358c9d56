/** Finds npm's own reason in its output. */
import { join } from 'node:path'
import { problem, ProblemError } from '../../shared/problem'
import type { Recipe } from './recipes'

/** npm's message if package.json and the lock file differ (@npmcli/arborist's validateLockfile, in `npm ci`). */
const outOfStep = /can only install packages when your package\.json and package-lock\.json/

/** Error lines of npm 10 and later, and of earlier versions. */
const errorLine = /^npm (?:error|ERR!) ?(.*)$/

/** @returns a Problem that says what npm found, or the error unchanged if there is nothing to add */
export function explainInstall({ command: [file, ...args], folder, what }: Recipe, error: unknown): unknown {
  if (file !== 'npm' || !(error instanceof ProblemError) || error.problem.code !== 'command-failed') return error
  const { details = '' } = error.problem
  const reason = npmReason(details)
  if (args[0] === 'ci' && outOfStep.test(details)) {
    const differs = reason.filter(it => /^(Missing|Invalid):/.test(it))
    return problem(
      {
        code: 'lock-file-differs',
        message: `${join(folder, 'package-lock.json')} doesn’t match ${join(folder, 'package.json')}.`,
        cause: (differs.length ? differs : reason).slice(0, 5).join(' ') || undefined,
        details,
        action: 'use-npm-install',
        hint: `Run “npm install” in the base application’s ${folder} and try again. Or use npm install this time, which takes newer packages where the lock file names none.`,
      },
      error,
    )
  }
  return reason.length
    ? problem(
        { ...error.problem, message: `npm failed: ${what}, in ${folder}.`, cause: reason.slice(0, 5).join(' ') },
        error,
      )
    : error
}

/** The lines after `npm error`, up to npm's usage text, without codes and the log's path. */
export function npmReason(output: string): readonly string[] {
  const lines = output
    .split('\n')
    .map(it => it.replace(/\u001B\[[0-9;]*m/g, ''))
    .flatMap(it => errorLine.exec(it)?.[1]?.trim() ?? [])
  const usage = lines.findIndex(it => /^(Clean install|Install) a (project|package)|^Usage:/.test(it))
  const reason = (usage < 0 ? lines : lines.slice(0, usage)).filter(
    it => it && !/^(code|errno|syscall|path|A complete log|For more help)\b/.test(it),
  )
  return [...new Set(reason)]
}
