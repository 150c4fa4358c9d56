/** The steps of an operation and their states, with durations. */
import { Anchor, Progress, UnstyledButton } from '@mantine/core'
import { IconArrowBackUp, IconCheck, IconExclamationMark, IconX } from '@tabler/icons-react'
import { Link } from 'wouter'
import { duration } from '../../../shared/amounts'
import { lookOf, lookWords, type StepLook } from '../../../shared/jobs/step-look'
import { noteParts } from '../../../shared/notes'
import type { OperationState, StepState } from '../../../shared/operation'
import { Details } from '../app/details'
import { Elapsed } from '../app/time'
import { Words } from '../app/words'
import { stepExplanation, stepTitle } from '../../../shared/jobs/words'
import classes from './timeline.module.css'

interface TimelineProps {
  operation: OperationState
  /** The step whose output is shown next to it. */
  selected?: string
  onSelect?: (step: string) => void
}

export function Timeline({ operation, selected, onSelect }: TimelineProps) {
  const { kind } = operation
  return (
    <ol className={classes.timeline} aria-label="Steps">
      {operation.steps.map(step => {
        const shown = lookOf(step, operation)
        const active = isActive(step)
        const body = <Body kind={kind} step={step} shown={shown} />
        return (
          <li key={step.name} className={classes.step} data-status={shown} aria-current={active ? 'step' : undefined}>
            <Mark shown={shown} />
            <div className={classes.content} data-selected={selected === step.name || undefined}>
              {onSelect && step.startedAt ? (
                <UnstyledButton
                  className={classes.body}
                  aria-pressed={selected === step.name}
                  onClick={() => onSelect(step.name)}
                >
                  {body}
                </UnstyledButton>
              ) : (
                <div className={classes.body}>{body}</div>
              )}
              {active && step.fraction !== undefined && (
                <Progress
                  className={classes.bar}
                  value={step.fraction * 100}
                  size="sm"
                  aria-label={stepTitle(kind, step.name)}
                />
              )}
              {step.notes !== undefined && (
                <div className={classes.notes}>
                  <Details label="Notes" text={step.notes}>
                    <Notes text={step.notes} />
                  </Details>
                </div>
              )}
            </div>
          </li>
        )
      })}
    </ol>
  )
}

const Notes = ({ text }: { text: string }) =>
  noteParts(text).map((part, index) =>
    part.code ? (
      <pre key={index}>{part.text}</pre>
    ) : (
      <p key={index}>
        <Words text={part.text} />
      </p>
    ),
  )

const isActive = ({ status }: StepState): boolean => status === 'doing' || status === 'undoing' || status === 'stuck'

function Body({ kind, step, shown }: { kind: string; step: StepState; shown: StepLook }) {
  const explanation = step.text ?? stepExplanation(kind, step.name)
  return (
    <>
      <span className={classes.line}>
        <span className={classes.title}>
          {step.result?.operation === undefined ? (
            stepTitle(kind, step.name)
          ) : (
            <Anchor component={Link} href={`/operations/${step.result.operation}`} inherit>
              {stepTitle(kind, step.name)}
            </Anchor>
          )}
        </span>
        <span className={`${classes.time} number`}>
          <Time step={step} shown={shown} />
        </span>
      </span>
      {isActive(step) && explanation && <span className={classes.explanation}>{explanation}</span>}
      {step.result?.problem && <span className={classes.explanation}>{step.result.problem.message}</span>}
    </>
  )
}

function Time({ step, shown }: { step: StepState; shown: StepLook }) {
  if (shown === 'doing' && step.startedAt) return <Elapsed since={step.startedAt} />
  if (step.status === 'done' && step.startedAt && step.endedAt)
    return duration(Date.parse(step.endedAt) - Date.parse(step.startedAt))
  return shown === 'waiting' ? null : lookWords[shown]
}

function Mark({ shown }: { shown: StepLook }) {
  return (
    <span className={classes.mark} role="img" aria-label={lookWords[shown]}>
      {shown === 'done' && <IconCheck size={14} stroke={3} aria-hidden />}
      {(shown === 'failed' || shown === 'wrong') && <IconX size={14} stroke={3} aria-hidden />}
      {shown === 'undone' && <IconArrowBackUp size={14} stroke={2.2} aria-hidden />}
      {shown === 'stuck' && <IconExclamationMark size={14} stroke={2.6} aria-hidden />}
    </span>
  )
}
