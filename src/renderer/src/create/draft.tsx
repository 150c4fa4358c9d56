/** The wizard's state lives above the screens: going to look at something else loses nothing that was typed. */
import { createContext, useContext, useReducer, useRef, type Dispatch, type ReactNode } from 'react'
import type { OperationState } from '../../../shared/operation'
import { newWizard, reduce, type Answers, type Wizard, type WizardAction } from './wizard'

type Reusable = Omit<Answers, 'password'>

interface Draft {
  readonly wizard: Wizard
  readonly dispatch: Dispatch<WizardAction>
  /** Remembers what an operation was made from, without its secret, for "Try again with the same answers". */
  readonly remember: (id: string, answers: Answers) => void
  /** The answers of an operation: as remembered, else read from its plan. */
  readonly recall: (operation: OperationState) => Partial<Reusable>
}

const DraftContext = createContext<Draft | undefined>(undefined)

export function DraftProvider({ children }: { children: ReactNode }) {
  const [wizard, dispatch] = useReducer(reduce, newWizard)
  const remembered = useRef(new Map<string, Reusable>())
  const draft: Draft = {
    wizard,
    dispatch,
    remember: (id, { password: _secret, ...answers }) => {
      remembered.current.set(id, { ...answers, passwordMode: 'typed' })
    },
    recall: operation => remembered.current.get(operation.id) ?? fromPlan(operation.plan),
  }
  return <DraftContext value={draft}>{children}</DraftContext>
}

export function useDraft(): Draft {
  const draft = useContext(DraftContext)
  if (!draft) throw new Error('useDraft is used outside of DraftProvider')
  return draft
}

/** What of the answers a plan holds. */
function fromPlan(plan: unknown): Partial<Reusable> {
  const of = (value: unknown, key: string): unknown =>
    typeof value === 'object' && value !== null ? (value as Record<string, unknown>)[key] : undefined
  const text = (value: unknown): string => (typeof value === 'string' ? value : '')
  const port = of(plan, 'port')
  const director = of(plan, 'director')
  return {
    name: text(of(plan, 'name')),
    directorName: text(of(director, 'name')),
    email: text(of(director, 'email')),
    systemUser: of(plan, 'systemUser') === true,
    ...(of(plan, 'host') === '127.0.0.1' && { host: '127.0.0.1' as const }),
    install: of(plan, 'install') === 'install' ? 'install' : 'ci',
    ...(typeof port === 'number' && { portMode: 'manual' as const, port: String(port) }),
  }
}
