import { describe, expect, it } from 'vitest'
import {
  errorsOf,
  firstFaultyStep,
  isChecking,
  isDirty,
  kept,
  newWizard,
  noAnswers,
  reduce,
  restored,
  toInput,
  type Answers,
  type Wizard,
  type WizardAction,
} from '../../../src/renderer/src/create/wizard'

const run = (...actions: WizardAction[]): Wizard => actions.reduce(reduce, newWizard)
const typed = (change: Partial<Answers>): WizardAction => ({ type: 'typed', change })
const free = (name: string): WizardAction => ({ type: 'name-checked', check: { name } })
const go: WizardAction = { type: 'continue' }
const director = typed({ directorName: "Maeve O'Brien", email: ' maeve@example.org ', password: 'long enough it is' })
const toReview: WizardAction[] = [typed({ name: 'Alpha' }), free('Alpha'), go, go, director, go]

describe('the way through', () => {
  it('goes name, port, director, review', () => {
    expect(run(...toReview).step).toBe('review')
    expect(toInput(run(...toReview).answers)).toEqual({
      name: 'Alpha',
      port: 'auto',
      allowSharedPort: false,
      jwtSecret: 'generate',
      host: '0.0.0.0',
      systemUser: false,
      install: 'ci',
      director: { name: "Maeve O'Brien", email: 'maeve@example.org', password: 'long enough it is' },
    })
  })
  it('stays at a step with errors, and says them', () => {
    const wizard = run(typed({ name: '-x' }), go)
    expect(wizard).toMatchObject({ step: 'name', tried: true })
    expect(errorsOf(wizard, 'name').name).toMatch(/starting with/)
    const atDirector = run(typed({ name: 'a' }), free('a'), go, go, go)
    expect(atDirector.step).toBe('director')
    expect(Object.keys(errorsOf(atDirector, 'director'))).toEqual(['directorName', 'email', 'password'])
  })
  it('opens nothing ahead of what was answered', () => {
    expect(run({ type: 'go', step: 'review' }).step).toBe('name')
  })
  it('leads from an edited step straight back to the review', () => {
    const edited = [...toReview, { type: 'go', step: 'name' } as const, typed({ name: 'Beta' }), free('Beta'), go]
    expect(run(...edited)).toMatchObject({ step: 'review', answers: { name: 'Beta', email: ' maeve@example.org ' } })
  })
  it('steps back without losing an answer', () => {
    const back = run(...toReview, { type: 'back' }, { type: 'back' })
    expect(back).toMatchObject({ step: 'port', answers: { directorName: "Maeve O'Brien" } })
    expect(run({ type: 'back' }).step).toBe('name')
  })
  it('finds a fault that a jump left behind', () => {
    const broken = run(...toReview, { type: 'go', step: 'director' }, typed({ email: 'no' }), {
      type: 'go',
      step: 'review',
    })
    expect(firstFaultyStep(broken)).toBe('director')
    expect(firstFaultyStep(run(...toReview))).toBeUndefined()
  })
})

describe('checks by the main process', () => {
  it('waits for the check that Continue needs, then goes on', () => {
    const waiting = run(typed({ name: 'Alpha' }), go)
    expect(waiting).toMatchObject({ step: 'name', continuing: true })
    expect(isChecking(waiting)).toBe(true)
    expect(reduce(waiting, free('Alpha')).step).toBe('port')
  })
  it('ignores the answer to what was typed before', () => {
    const wizard = run(typed({ name: 'Alpha' }), typed({ name: 'Alphabet' }), go, free('Alpha'))
    expect(wizard).toMatchObject({ step: 'name', continuing: true })
    expect(wizard.nameCheck).toBeUndefined()
  })
  it('does not go on after more was typed', () => {
    expect(run(typed({ name: 'Alpha' }), go, typed({ name: 'Alpha2' }), free('Alpha2')).step).toBe('name')
  })
  it('stays when the name is taken', () => {
    const problem = { code: 'name-taken', message: 'There is one.' }
    const wizard = run(typed({ name: 'Alpha' }), go, { type: 'name-checked', check: { name: 'Alpha', problem } })
    expect(wizard).toMatchObject({ step: 'name', continuing: false })
    expect(errorsOf(wizard, 'name')).toEqual({ name: 'There is one.' })
  })
  it('goes on when a check cannot be made: the creation checks again', () => {
    expect(run(typed({ name: 'Alpha' }), go, { type: 'check-failed' }).step).toBe('port')
    expect(run(typed({ name: 'Alpha' }), { type: 'check-failed' }).step).toBe('name')
  })
})

describe('the port', () => {
  const atPort = [typed({ name: 'a' }), free('a'), go]
  const held: WizardAction = {
    type: 'port-checked',
    check: { port: 5000, holders: [{ type: 'instance', name: 'b', running: true }] },
  }
  it.each(['', '80', '65536', '5e3', '50.5', 'abc'])('refuses %j', port => {
    expect(errorsOf(run(...atPort, typed({ portMode: 'manual', port })), 'port').port).toBeTruthy()
  })
  it('that someone has is taken only knowingly', () => {
    const chosen = [...atPort, typed({ portMode: 'manual', port: '5000' }), held, go]
    expect(run(...chosen)).toMatchObject({ step: 'port' })
    expect(run(...chosen, typed({ sharePort: true }), go).step).toBe('director')
    expect(toInput(run(...chosen, typed({ sharePort: true })).answers)).toMatchObject({
      port: 5000,
      allowSharedPort: true,
    })
  })
  it('forgets the consent when another port is typed', () => {
    expect(
      run(
        ...atPort,
        typed({ portMode: 'manual', port: '5000' }),
        held,
        typed({ sharePort: true }),
        typed({ port: '5001' }),
      ).answers.sharePort,
    ).toBe(false)
  })
})

describe('refusals and restarts', () => {
  it.each([
    ['name', 'name'],
    ['port', 'port'],
    ['allowSharedPort', 'port'],
    ['director.email', 'director'],
    [undefined, 'review'],
  ])('a refused %s lands at %s, nothing lost', (field, step) => {
    const wizard = run(...toReview, { type: 'refused', problem: { code: 'x', message: 'no', field } })
    expect(wizard).toMatchObject({
      step,
      refusal: { step, problem: { message: 'no' } },
      answers: { password: 'long enough it is' },
    })
    expect(reduce(wizard, typed({ name: 'Other' })).refusal).toBeUndefined()
  })
  it('an earlier creation comes back at the director, without a password', () => {
    const wizard = run({ type: 'restored', answers: { name: 'Alpha', directorName: 'M', email: 'm@example.org' } })
    expect(wizard).toMatchObject({ step: 'director', answers: { name: 'Alpha', password: '' } })
    expect(reduce(wizard, { type: 'go', step: 'name' }).step).toBe('name')
  })
  it('knows whether something was typed', () => {
    expect(isDirty(newWizard)).toBe(false)
    expect(isDirty(run(typed({ name: 'a' })))).toBe(true)
    expect(isDirty(run(typed({ name: 'a' }), { type: 'discarded' }))).toBe(false)
  })
})

describe('a reload', () => {
  it('keeps the answers but the password, and asks for that again', () => {
    const text = kept(run(...toReview)) ?? ''
    expect(text).not.toContain('long enough')
    const back = restored(text)
    expect(back).toMatchObject({ step: 'director', reached: 2 })
    expect(back.answers).toEqual({
      ...noAnswers,
      name: 'Alpha',
      directorName: "Maeve O'Brien",
      email: ' maeve@example.org ',
    })
    expect(restored(kept(run(typed({ name: 'Al' }))) ?? '')).toMatchObject({ step: 'name', reached: 0 })
  })

  it('keeps nothing of what was not begun', () => {
    expect(kept(newWizard)).toBeUndefined()
    expect(restored(null)).toBe(newWizard)
  })

  it.each(['', 'no JSON', '7', '{}', '{"answers":{"name":7},"step":"name"}', '{"answers":{},"step":"elsewhere"}'])(
    'takes nothing that it did not write: %s',
    text => {
      expect(restored(text)).toBe(newWizard)
    },
  )
})
