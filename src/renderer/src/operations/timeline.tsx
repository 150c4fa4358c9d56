/** The steps of an operation: what is done, what runs and for how long, what is undone. */
import { Progress, UnstyledButton } from '@mantine/core'
import { IconArrowBackUp, IconCheck, IconExclamationMark } from '@tabler/icons-react'
import type { OperationState, StepState } from '../../../shared/operation'
import { duration, Elapsed } from '../app/time'
import { stepExplanation, stepTitle } from './titles'
import classes from './timeline.module.css'

interface TimelineProps {
  operation: OperationState
  /** The step whose output is shown beside it. */
  selected?: string
  onSelect?: (step: string) => void
}

export function Timeline({ operation, selected, onSelect }: TimelineProps) {
  return (
    <ol className={classes.timeline} aria-label="Steps">
      {operation.steps.map(step => (
        <li key={step.name} className={classes.step} data-status={step.status} aria-current={isActive(step) ? 'step' : undefined}>
          <Mark step={step} />
          {onSelect && step.startedAt
            ? <UnstyledButton className={classes.body} data-selected={selected === step.name || undefined} aria-pressed={selected === step.name} onClick={() => onSelect(step.name)}><Body step={step} /></UnstyledButton>
            : <div className={classes.body}><Body step={step} /></div>}
        </li>
      ))}
    </ol>
  )
}

const isActive = ({ status }: StepState): boolean => status === 'doing' || status === 'undoing' || status === 'stuck'

const words: Record<StepState['status'], string> = {
  waiting: 'waiting', doing: 'running', done: 'done', undoing: 'undoing', undone: 'undone', stuck: 'needs you',
}

function Body({ step }: { step: StepState }) {
  const explanation = step.text ?? stepExplanation(step.name)
  return (
    <>
      <span className={classes.line}>
        <span className={classes.title}>{stepTitle(step.name)}</span>
        <span className={classes.time}><Time step={step} /></span>
      </span>
      {isActive(step) && explanation && <span className={classes.explanation}>{explanation}</span>}
      {step.fraction !== undefined && isActive(step) && (
        <Progress value={step.fraction * 100} size="sm" mt={6} aria-label={`${stepTitle(step.name)}: ${Math.round(step.fraction * 100)} %`} />
      )}
    </>
  )
}

function Time({ step }: { step: StepState }) {
  if (step.status === 'doing' && step.startedAt) return <Elapsed since={step.startedAt} />
  if (step.status === 'done' && step.startedAt && step.endedAt) return duration(Date.parse(step.endedAt) - Date.parse(step.startedAt))
  return step.status === 'waiting' ? null : words[step.status]
}

function Mark({ step: { status } }: { step: StepState }) {
  return (
    <span className={classes.mark} role="img" aria-label={words[status]}>
      {status === 'done' && <IconCheck size={14} stroke={3} aria-hidden />}
      {status === 'undone' && <IconArrowBackUp size={14} stroke={2.2} aria-hidden />}
      {status === 'stuck' && <IconExclamationMark size={14} stroke={2.6} aria-hidden />}
    </span>
  )
}
