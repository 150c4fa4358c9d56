/** The wizard's steps. Those already reached can be revisited. */
import { UnstyledButton } from '@mantine/core'
import { IconCheck } from '@tabler/icons-react'
import { wizardSteps, type Wizard, type WizardStep } from './wizard'
import classes from './create.module.css'

export const stepWord: Record<WizardStep, string> = {
  name: 'Name',
  port: 'Port',
  director: 'Director',
  review: 'Review',
}

export function StepList({ wizard, onGo }: { wizard: Wizard; onGo: (step: WizardStep) => void }) {
  const current = wizardSteps.indexOf(wizard.step)
  return (
    <nav aria-label="Steps">
      <ol className={classes.steps}>
        {wizardSteps.map((step, index) => (
          <li
            key={step}
            data-state={index === current ? 'current' : index < wizard.reached || index < current ? 'answered' : 'open'}
          >
            <UnstyledButton
              className={classes.stepButton}
              disabled={index > wizard.reached}
              onClick={() => onGo(step)}
              aria-current={index === current ? 'step' : undefined}
            >
              <span className={classes.number}>
                {index !== current && index < wizard.reached ? (
                  <IconCheck size={14} stroke={3} aria-label="answered" />
                ) : (
                  index + 1
                )}
              </span>
              {stepWord[step]}
            </UnstyledButton>
          </li>
        ))}
      </ol>
    </nav>
  )
}
