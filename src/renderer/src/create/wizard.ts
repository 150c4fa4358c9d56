/**
 * The wizard as pure data: the answers, the current step, and errors.
 *
 *   name → port → director → review → (create)
 *
 * "Continue" leaves a step only when it has no errors. If a check by the main process is still running,
 * it continues when the check succeeds (`continuing`). Steps already reached can be revisited; from a step
 * opened from the review, Continue returns there. A refusal by the main process is shown at its step.
 */
import { z } from 'zod'
import {
  databaseNames,
  directorSchema,
  nameSchema,
  portSchema,
  type CreateInput,
  type InstanceHost,
} from '../../../shared/instance'
import { isOurs, type PortCheck } from '../../../shared/ports'
import type { Problem } from '../../../shared/problem'

export const wizardSteps = ['name', 'port', 'director', 'review'] as const
export type WizardStep = (typeof wizardSteps)[number]

export interface Answers {
  readonly name: string
  readonly portMode: 'auto' | 'manual'
  /** As typed. */
  readonly port: string
  readonly sharePort: boolean
  readonly directorName: string
  readonly email: string
  readonly passwordMode: 'typed' | 'generated'
  readonly password: string
  readonly jwtSecret: CreateInput['jwtSecret']
  readonly host: InstanceHost
  readonly systemUser: boolean
  readonly install: CreateInput['install']
}
export type Field = keyof Answers

export interface NameCheck {
  readonly name: string
  readonly problem?: Problem
}

export interface Wizard {
  readonly answers: Answers
  readonly step: WizardStep
  /** The furthest step reached, as an index into `wizardSteps`. */
  readonly reached: number
  /** Continue was pressed here, so missing answers are now errors too. */
  readonly tried: boolean
  /** Continue is waiting for a check. */
  readonly continuing: boolean
  readonly nameCheck?: NameCheck
  readonly portCheck?: PortCheck
  /** A refusal by the main process, shown at the step it belongs to. */
  readonly refusal?: { readonly step: WizardStep; readonly problem: Problem }
}

export type WizardAction =
  | { type: 'typed'; change: Partial<Answers> }
  | { type: 'name-checked'; check: NameCheck }
  | { type: 'port-checked'; check: PortCheck }
  /** The check could not be made; the main process checks again when it creates. */
  | { type: 'check-failed' }
  | { type: 'continue' }
  | { type: 'back' }
  | { type: 'go'; step: WizardStep }
  | { type: 'refused'; problem: Problem }
  /** From an earlier creation: everything but its secret. */
  | { type: 'restored'; answers: Partial<Omit<Answers, 'password'>> }
  | { type: 'discarded' }

export const noAnswers: Answers = {
  name: '',
  portMode: 'auto',
  port: '',
  sharePort: false,
  directorName: '',
  email: '',
  passwordMode: 'typed',
  password: '',
  jwtSecret: 'generate',
  host: '0.0.0.0',
  systemUser: false,
  install: 'ci',
}
export const newWizard: Wizard = { answers: noAnswers, step: 'name', reached: 0, tried: false, continuing: false }

export function reduce(wizard: Wizard, action: WizardAction): Wizard {
  switch (action.type) {
    case 'typed': {
      const answers = { ...wizard.answers, ...action.change }
      // that applied to the previous port
      if (action.change.port !== undefined || action.change.portMode) answers.sharePort = false
      return { ...wizard, answers, continuing: false, refusal: undefined }
    }
    case 'name-checked':
      return action.check.name === wizard.answers.name ? goOnIfAsked({ ...wizard, nameCheck: action.check }) : wizard
    case 'port-checked':
      return String(action.check.port) === wizard.answers.port
        ? goOnIfAsked({ ...wizard, portCheck: action.check })
        : wizard
    case 'check-failed':
      return wizard.continuing ? advance(wizard) : wizard
    case 'continue': {
      const asked = { ...wizard, tried: true, refusal: undefined }
      if (Object.keys(errorsOf(asked, asked.step)).length) return asked
      return isChecking(asked) ? { ...asked, continuing: true } : advance(asked)
    }
    case 'back':
      return at(wizard, wizardSteps[Math.max(0, indexOf(wizard.step) - 1)] ?? 'name')
    case 'go':
      return indexOf(action.step) <= wizard.reached ? at(wizard, action.step) : wizard
    case 'refused': {
      const step = stepOfField(action.problem.field)
      return {
        ...at(wizard, step),
        refusal: { step, problem: action.problem },
        nameCheck: undefined,
        portCheck: undefined,
      }
    }
    case 'restored':
      return {
        ...newWizard,
        answers: { ...noAnswers, ...action.answers },
        step: 'director',
        reached: indexOf('director'),
      }
    case 'discarded':
      return newWizard
  }
}

const indexOf = (step: WizardStep): number => wizardSteps.indexOf(step)

const at = (wizard: Wizard, step: WizardStep): Wizard => ({ ...wizard, step, tried: false, continuing: false })

function advance(wizard: Wizard): Wizard {
  const next = Math.min(indexOf(wizard.step) + 1, wizardSteps.length - 1)
  // everything is answered: back to the review
  const target = wizard.reached === wizardSteps.length - 1 ? wizard.reached : next
  return { ...at(wizard, wizardSteps[target] ?? 'review'), reached: Math.max(wizard.reached, target) }
}

function goOnIfAsked(wizard: Wizard): Wizard {
  if (!wizard.continuing) return wizard
  return Object.keys(errorsOf(wizard, wizard.step)).length ? { ...wizard, continuing: false } : advance(wizard)
}

/** Whether a check of the current step's answer is still running. */
export function isChecking({ step, answers, nameCheck, portCheck }: Wizard): boolean {
  if (step === 'name') return nameCheck?.name !== answers.name
  return step === 'port' && answers.portMode === 'manual' && String(portCheck?.port) !== answers.port
}

/** Known errors in a step's answers, by field. */
export function errorsOf({ answers, nameCheck, portCheck }: Wizard, step: WizardStep): Partial<Record<Field, string>> {
  switch (step) {
    case 'name':
      return {
        ...issue('name', nameSchema.safeParse(answers.name)),
        ...(nameCheck?.name === answers.name && nameCheck.problem && { name: nameCheck.problem.message }),
      }
    case 'port': {
      if (answers.portMode === 'auto') return {}
      const wrong = issue('port', portSchema.safeParse(parsePort(answers.port)))
      if (Object.keys(wrong).length) return answers.port ? wrong : { port: 'Enter a port.' }
      const holders = String(portCheck?.port) === answers.port ? (portCheck?.holders ?? []) : []
      if (isOurs(holders)) return { port: 'Choose another port.' }
      const taken = holders.length > 0
      return taken && !answers.sharePort ? { sharePort: 'Choose another port, or use this one anyway.' } : {}
    }
    case 'director':
      return {
        ...issue('directorName', directorSchema.shape.name.safeParse(answers.directorName)),
        ...issue('email', directorSchema.shape.email.safeParse(answers.email.trim())),
        ...issue('password', directorSchema.shape.password.safeParse(answers.password)),
      }
    case 'review':
      return {}
  }
}

/** The first step with errors. Jumping between steps can leave one behind. */
export const firstFaultyStep = (wizard: Wizard): WizardStep | undefined =>
  wizardSteps.find(step => Object.keys(errorsOf(wizard, step)).length > 0)

/** Anyone may have served pages at this origin before, so what they left is checked like any input. */
const keptSchema = z.object({
  answers: z.object({
    name: z.string().max(200),
    portMode: z.enum(['auto', 'manual']),
    port: z.string().max(20),
    sharePort: z.boolean(),
    directorName: z.string().max(500),
    email: z.string().max(500),
    jwtSecret: z.enum(['generate', 'base']),
    host: z.enum(['0.0.0.0', '127.0.0.1']),
    systemUser: z.boolean(),
    install: z.enum(['ci', 'install']),
  }),
  step: z.enum(wizardSteps),
})

/** What survives a reload, as text: everything but the password. @returns undefined if nothing was typed */
export function kept(wizard: Wizard): string | undefined {
  if (!isDirty(wizard)) return undefined
  const { password: _secret, passwordMode: _how, ...answers } = wizard.answers
  return JSON.stringify({ answers, step: wizard.step } satisfies z.infer<typeof keptSchema>)
}

/** The wizard as it was before a reload. The review needs the password, so it begins where that is asked for. */
export function restored(text: string | null): Wizard {
  const found = keptSchema.safeParse(jsonOf(text)).data
  if (!found) return newWizard
  const step = wizardSteps[Math.min(indexOf(found.step), indexOf('director'))] ?? 'name'
  return { ...newWizard, answers: { ...noAnswers, ...found.answers }, step, reached: indexOf(step) }
}

function jsonOf(text: string | null): unknown {
  try {
    return JSON.parse(text ?? 'null')
  } catch {
    return undefined
  }
}

/** Whether anything was typed that would be lost. */
export const isDirty = ({ answers }: Wizard): boolean =>
  (Object.keys(noAnswers) as Field[]).some(field => answers[field] !== noAnswers[field])

/** The instance's database and role; undefined while the name is invalid. */
export const namesOf = ({ name }: Answers): { database: string; role: string } | undefined =>
  nameSchema.safeParse(name).success ? databaseNames(name) : undefined

export const toInput = (answers: Answers): CreateInput => ({
  name: answers.name,
  port: answers.portMode === 'auto' ? 'auto' : parsePort(answers.port),
  allowSharedPort: answers.portMode === 'manual' && answers.sharePort,
  director: { name: answers.directorName.trim(), email: answers.email.trim(), password: answers.password },
  jwtSecret: answers.jwtSecret,
  host: answers.host,
  systemUser: answers.systemUser,
  install: answers.install,
})

const parsePort = (text: string): number => (/^\d{1,6}$/.test(text) ? Number(text) : NaN)

function issue(
  field: Field,
  result: { success: boolean; error?: { issues: readonly { message: string }[] } },
): Partial<Record<Field, string>> {
  return result.success ? {} : { [field]: result.error?.issues[0]?.message ?? 'Not valid.' }
}

function stepOfField(field: string | undefined): WizardStep {
  if (field === 'name') return 'name'
  if (field === 'port' || field === 'allowSharedPort') return 'port'
  return field?.startsWith('director') ? 'director' : 'review'
}
