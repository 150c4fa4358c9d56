/**
 * The wizard's state lives above the screens, so looking at another screen loses nothing that was typed. All but the
 * password survives a reload of the tab.
 */
import { createContext, useContext, useEffect, useReducer, useRef, type Dispatch, type ReactNode } from 'react'
import { createJob } from '../../../shared/jobs/create'
import { planOf } from '../../../shared/jobs/words'
import type { OperationState } from '../../../shared/operation'
import { kept, reduce, restored, type Answers, type Wizard, type WizardAction } from './wizard'

type Reusable = Omit<Answers, 'password'>

interface Draft {
  readonly wizard: Wizard
  readonly dispatch: Dispatch<WizardAction>
  /** Remembers an operation's answers, without secrets, for “Try again with the same answers”. */
  readonly remember: (id: string, answers: Answers) => void
  /** An operation's answers: as remembered, otherwise read from its plan. */
  readonly recall: (operation: OperationState) => Partial<Reusable>
}

const DraftContext = createContext<Draft | undefined>(undefined)

/** @param workspace the folder of the workspace that the answers are for */
export function DraftProvider({ workspace, children }: { workspace: string; children: ReactNode }) {
  const key = `draft ${workspace}`
  const [wizard, dispatch] = useReducer(reduce, key, it => restored(sessionStorage.getItem(it)))
  const draftText = kept(wizard)
  useEffect(() => {
    if (draftText === undefined) sessionStorage.removeItem(key)
    else sessionStorage.setItem(key, draftText)
  }, [key, draftText])
  const remembered = useRef(new Map<string, Reusable>())
  const draft: Draft = {
    wizard,
    dispatch,
    remember: (id, { password: _secret, ...answers }) => {
      remembered.current.set(id, { ...answers, passwordMode: 'typed' })
    },
    recall: operation => remembered.current.get(operation.id) ?? fromPlan(operation),
  }
  return <DraftContext value={draft}>{children}</DraftContext>
}

export function useDraft(): Draft {
  const draft = useContext(DraftContext)
  if (!draft) throw new Error('useDraft is used outside of DraftProvider')
  return draft
}

/** The answers that an operation's plan contains. */
function fromPlan(operation: OperationState): Partial<Reusable> {
  const plan = planOf(createJob, operation)
  if (!plan) return {}
  const { name, director, systemUser, host, install, port } = plan
  return {
    name,
    directorName: director.name,
    email: director.email,
    systemUser: systemUser === true,
    ...(host === '127.0.0.1' && { host }),
    install: install ?? 'ci',
    portMode: 'manual',
    port: String(port),
  }
}
