/** The wizard: three questions and a review. Enter continues; Esc leaves, after asking if anything was typed. */
import { Button } from '@mantine/core'
import { useMutation } from '@tanstack/react-query'
import { useEffect, useEffectEvent, type FormEvent } from 'react'
import { Link, useLocation } from 'wouter'
import { createJob } from '../../../shared/jobs/create'
import { confirm } from '../app/confirm'
import { isCovered } from '../app/covered'
import { focusFault } from '../app/focus-fault'
import { Page } from '../app/page'
import { ProblemView } from '../app/problem'
import { problemOf } from '../app/problem-of'
import { useTRPC } from '../app/trpc'
import { LoadImage } from '../infrastructure/load-image'
import { DirectorStep } from './director-step'
import { useDraft } from './draft'
import { NameStep } from './name-step'
import { PortStep } from './port-step'
import { ReviewStep } from './review-step'
import { StepList } from './step-list'
import { Summary } from './summary'
import { errorsOf, firstFaultyStep, isDirty, toInput, type WizardStep } from './wizard'
import classes from './create.module.css'

const bodies: Record<WizardStep, () => React.ReactNode> = {
  name: NameStep,
  port: PortStep,
  director: DirectorStep,
  review: ReviewStep,
}

export function CreateScreen() {
  const { wizard, dispatch, remember } = useDraft()
  const trpc = useTRPC()
  const [, navigate] = useLocation()
  const { step, tried } = wizard
  const Body = bodies[step]

  const create = useMutation(
    trpc.operations.start.mutationOptions({
      onSuccess: ({ id }) => {
        remember(id, wizard.answers)
        dispatch({ type: 'discarded' })
        navigate(`/operations/${id}`)
      },
      onError: error => {
        dispatch({ type: 'refused', problem: problemOf(error) })
        showFault()
      },
    }),
  )

  useEffect(() => {
    document.querySelector<HTMLElement>(`#${formId}[data-step="${step}"] [data-autofocus]`)?.focus()
  }, [step])
  // A check that Continue was waiting for has failed. (`submit` handles immediate failures.)
  useEffect(() => {
    if (tried && !wizard.continuing) showFault()
  }, [tried, wizard.continuing])
  useEscape(() =>
    leave(isDirty(wizard), () => {
      dispatch({ type: 'discarded' })
      navigate('/instances')
    }),
  )

  const submit = (event: FormEvent): void => {
    event.preventDefault()
    const faulty = firstFaultyStep(wizard)
    if (step !== 'review') dispatch({ type: 'continue' })
    else if (faulty) {
      dispatch({ type: 'go', step: faulty })
      dispatch({ type: 'continue' })
    } else create.mutate({ kind: createJob.kind, ...toInput(wizard.answers) })
    showFault()
  }
  const errors = Object.keys(errorsOf(wizard, step))
  const refusal = wizard.refusal?.step === step ? wizard.refusal.problem : undefined
  return (
    <Page
      title="New instance"
      actions={
        <Button component={Link} href="/create/several" variant="default" size="xs">
          Create several…
        </Button>
      }
    >
      <StepList wizard={wizard} onGo={target => dispatch({ type: 'go', step: target })} />
      <div className={classes.columns}>
        <form
          id={formId}
          data-step={step}
          className={`card ${classes.form}`}
          onSubmit={submit}
          noValidate
          aria-label={`New instance: ${step}`}
        >
          {refusal && (
            <ProblemView problem={refusal}>
              <LoadImage problem={refusal} />
            </ProblemView>
          )}
          <Body />
          <div className={classes.buttons}>
            {step === 'name' ? (
              <Button
                variant="default"
                onClick={() =>
                  leave(isDirty(wizard), () => {
                    dispatch({ type: 'discarded' })
                    navigate('/instances')
                  })
                }
              >
                Cancel
              </Button>
            ) : (
              <Button variant="default" onClick={() => dispatch({ type: 'back' })} disabled={create.isPending}>
                Back
              </Button>
            )}
            <Button
              type="submit"
              loading={wizard.continuing || create.isPending}
              data-errors={tried ? errors.length : undefined}
              data-autofocus={step === 'review' || undefined}
            >
              {step === 'review' ? 'Create the instance' : 'Continue'}
            </Button>
          </div>
        </form>
        {step !== 'review' && <Summary wizard={wizard} />}
      </div>
    </Page>
  )
}

function leave(dirty: boolean, discard: () => void): void {
  if (!dirty) {
    discard()
    return
  }
  confirm({
    title: 'Discard what you typed?',
    children: 'No instance has been created yet.',
    confirm: 'Discard',
    cancel: 'Keep editing',
    onConfirm: discard,
  })
}

const formId = 'create'

const showFault = (): void => focusFault(document.getElementById(formId))

/** Handles Esc, unless a dialog or menu is open on top. */
function useEscape(handle: () => void): void {
  const escape = useEffectEvent(handle)
  useEffect(() => {
    const listen = (event: KeyboardEvent): void => {
      if (event.key === 'Escape' && !event.defaultPrevented && !isCovered(event)) escape()
    }
    window.addEventListener('keydown', listen)
    return () => window.removeEventListener('keydown', listen)
  }, [])
}
