import {
  ActionIcon,
  Button,
  Input,
  PasswordInput,
  Progress,
  SegmentedControl,
  TextInput,
  Title,
  Tooltip,
} from '@mantine/core'
import { IconEye, IconEyeOff, IconRefresh } from '@tabler/icons-react'
import { useDeferredValue, useEffect, useId, useState } from 'react'
import { CopyButton } from '../app/copy-button'
import { useDraft } from './draft'
import { generatePassword } from '../../../shared/password'
import type { strengthOf } from './strength'
import { errorsOf, type Answers } from './wizard'
import classes from './create.module.css'

/** The administrator account of the instance. There is no default password. */
export function DirectorStep() {
  const { wizard, dispatch } = useDraft()
  const { answers, tried, refusal } = wizard
  const errors = tried ? errorsOf(wizard, 'director') : {}
  const refused = refusal?.problem.field === 'director.email' ? refusal.problem.message : undefined
  const type = (change: Partial<Answers>): void => dispatch({ type: 'typed', change })
  return (
    <div className={classes.fields}>
      <div>
        <Title order={2}>Administrator account</Title>
        <p className="dimmed">The instance’s first account, with full rights. You’ll pass these details on.</p>
      </div>
      <TextInput
        label="Name"
        size="md"
        data-autofocus
        autoComplete="off"
        value={answers.directorName}
        error={errors.directorName}
        onChange={event => type({ directorName: event.currentTarget.value })}
      />
      <TextInput
        label="Email"
        size="md"
        type="email"
        autoComplete="off"
        spellCheck={false}
        value={answers.email}
        error={errors.email ?? refused}
        onChange={event => type({ email: event.currentTarget.value })}
      />
      <Password answers={answers} error={errors.password} onType={type} />
    </div>
  )
}

interface PasswordProps {
  answers: Answers
  error: string | undefined
  onType: (change: Partial<Answers>) => void
}

function Password({ answers, error, onType }: PasswordProps) {
  const generated = answers.passwordMode === 'generated'
  const id = useId()
  const choose = (mode: string): void =>
    onType(
      mode === 'generated'
        ? { passwordMode: 'generated', password: generatePassword() }
        : { passwordMode: 'typed', password: '' },
    )
  return (
    <div className={classes.password}>
      <div className={classes.passwordHead}>
        <Input.Label htmlFor={id} size="md">
          Password
        </Input.Label>
        <SegmentedControl
          aria-label="Kind of password"
          size="xs"
          value={answers.passwordMode}
          onChange={choose}
          data={[
            { value: 'typed', label: 'Type a password' },
            { value: 'generated', label: 'Generate one' },
          ]}
        />
      </div>
      {generated ? (
        <Generated id={id} password={answers.password} onNew={() => onType({ password: generatePassword() })} />
      ) : (
        <Typed id={id} answers={answers} error={error} onType={onType} />
      )}
    </div>
  )
}

function Typed({ id, answers, error, onType }: PasswordProps & { id: string }) {
  return (
    <>
      <PasswordInput
        id={id}
        size="md"
        autoComplete="new-password"
        value={answers.password}
        error={error}
        description={error || answers.password.length >= 10 ? undefined : 'At least 10 characters.'}
        inputWrapperOrder={['input', 'description', 'error']}
        onChange={event => onType({ password: event.currentTarget.value })}
      />
      <Meter answers={answers} />
    </>
  )
}

const colours = ['var(--bad)', 'var(--warn)', 'var(--good)', 'var(--good)']

/** Advice only: the schema decides what is allowed. Not shown if its module can't be loaded. */
function Meter({ answers }: { answers: Answers }) {
  const [judge, setJudge] = useState<typeof strengthOf>()
  useEffect(() => {
    import('./strength').then(it => setJudge(() => it.strengthOf)).catch(() => undefined)
  }, [])
  const password = useDeferredValue(answers.password) // so that typing never waits for it
  const strength = password && judge?.(password, [answers.name, answers.directorName, answers.email])
  return (
    <div className={classes.strength} aria-live="polite">
      {strength && (
        <>
          <Progress
            value={strength.level * 25}
            color={colours[strength.level - 1]}
            size="sm"
            aria-label="Password strength"
          />
          <span className={classes.note}>
            {strength.word}. {strength.advice}
          </span>
        </>
      )}
    </div>
  )
}

function Generated({ id, password, onNew }: { id: string; password: string; onNew: () => void }) {
  const [shown, setShown] = useState(false)
  return (
    <div className={classes.generated}>
      <output id={id} className="mono">
        {shown ? password : '•'.repeat(password.length)}
      </output>
      <Tooltip label={shown ? 'Hide' : 'Show'}>
        <ActionIcon
          variant="subtle"
          color="gray"
          onClick={() => setShown(!shown)}
          aria-label={shown ? 'Hide password' : 'Show password'}
        >
          {shown ? <IconEyeOff size={16} /> : <IconEye size={16} />}
        </ActionIcon>
      </Tooltip>
      <CopyButton value={password} label="password" />
      <Button size="xs" variant="subtle" leftSection={<IconRefresh size={14} aria-hidden />} onClick={onNew}>
        Regenerate
      </Button>
      <p className={classes.note}>Random, 24 characters. Copy it now, or once the instance is created.</p>
    </div>
  )
}
