/** The variables of an environment as a table to edit. Enter saves; Shift+Enter breaks a line within a value. */
import { ActionIcon, Button, Textarea, TextInput } from '@mantine/core'
import { IconArrowBackUp, IconEye, IconEyeOff, IconPlus, IconTrash } from '@tabler/icons-react'
import { useState, type Dispatch, type KeyboardEvent, type SetStateAction } from 'react'
import { isSecretName } from '../../../shared/secret-names'
import { notifyProblem } from '../app/notify'
import { changeOf, errorsOf, newRow, revealed, reverted, type Row, type RowErrors } from './rows'
import classes from './environment.module.css'

interface TableProps {
  readonly rows: readonly Row[]
  readonly setRows: Dispatch<SetStateAction<readonly Row[]>>
  /** The operator tried to save: what is missing is an error now. */
  readonly tried: boolean
  /** Reads a hidden value. Absent: the instances' variables aren't listed, so any name can be removed. */
  readonly reveal?: (key: string) => Promise<string>
}

export function Variables({ rows, setRows, tried, reveal }: TableProps) {
  const [focused, setFocused] = useState(rows[0]?.id)
  const change = (id: number, how: (row: Row) => Row): void =>
    setRows(all => all.map(it => (it.id === id ? how(it) : it)))
  const show = (id: number, key: string): void => {
    reveal?.(key).then(value => change(id, it => revealed(it, value)), notifyProblem)
  }
  const add = (): void => {
    const row = newRow(rows)
    setFocused(row.id)
    setRows([...rows, row])
  }
  return (
    <div className={classes.table}>
      {rows.map(row => (
        <Variable
          key={row.id}
          row={row}
          errors={tried || row.key !== '' ? errorsOf(row, rows) : {}}
          focused={row.id === focused}
          onChange={how => change(row.id, it => ({ ...it, ...how }))}
          onReveal={() => show(row.id, row.key)}
          onRemove={() =>
            reveal && !row.was
              ? setRows(rows.filter(it => it.id !== row.id))
              : change(row.id, it => ({ ...it, removed: !it.removed }))
          }
          onRevert={() => change(row.id, reverted)}
        />
      ))}
      <Button
        className={classes.add}
        variant="subtle"
        size="compact-sm"
        leftSection={<IconPlus size={15} aria-hidden />}
        onClick={add}
      >
        Add a variable
      </Button>
    </div>
  )
}

interface VariableProps {
  readonly row: Row
  readonly errors: RowErrors
  readonly focused: boolean
  readonly onChange: (how: Partial<Row>) => void
  readonly onReveal: () => void
  readonly onRemove: () => void
  readonly onRevert: () => void
}

function Variable({ row, errors, focused, onChange, onReveal, onRemove, onRevert }: VariableProps) {
  const { was, key, value, removed } = row
  const [shown, setShown] = useState(false)
  const hidden = value === undefined
  const masked = isSecretName(key) && !shown
  const word = key || 'the new variable'
  const changed = changeOf(row) !== undefined
  const [verb, undo] = removed ? ['Keep', onRemove] : was && changed ? ['Revert', onRevert] : ['Remove', undefined]
  return (
    <div className={classes.row} data-changed={changed || undefined}>
      {was ? (
        <span className={`mono ${classes.key}`} title={key} data-removed={removed || undefined}>
          {key}
        </span>
      ) : (
        <TextInput
          aria-label="Name"
          placeholder="NAME"
          classNames={{ input: 'mono' }}
          autoComplete="off"
          spellCheck={false}
          maxLength={200}
          value={key}
          error={errors.key}
          onChange={event => onChange({ key: event.currentTarget.value.trim() })}
          autoFocus={focused}
        />
      )}
      {removed ? (
        <span className={classes.gone}>Will be removed</span>
      ) : (
        <Textarea
          aria-label={was ? key : `Value of ${word}`}
          placeholder={hidden ? 'Hidden. Type a new value.' : 'Empty'}
          classNames={{ input: `mono ${masked ? classes.masked : ''}` }}
          autosize
          minRows={1}
          maxRows={8}
          autoComplete="off"
          spellCheck={false}
          value={value ?? ''}
          error={errors.value}
          onChange={event => onChange({ value: event.currentTarget.value })}
          onKeyDown={saveOnEnter}
          autoFocus={focused && was !== undefined}
        />
      )}
      <div className={classes.tools}>
        {!removed && (hidden || isSecretName(key)) && (
          <ActionIcon
            variant="subtle"
            color="gray"
            aria-label={`${hidden || masked ? 'Show' : 'Hide'} ${word}`}
            title={hidden || masked ? 'Show' : 'Hide'}
            onClick={() => {
              setShown(hidden || masked)
              if (hidden) onReveal()
            }}
          >
            {hidden || masked ? <IconEye size={16} /> : <IconEyeOff size={16} />}
          </ActionIcon>
        )}
        <ActionIcon
          variant="subtle"
          color="gray"
          aria-label={`${verb} ${word}`}
          title={verb}
          onClick={undo ?? onRemove}
        >
          {undo ? <IconArrowBackUp size={16} /> : <IconTrash size={16} />}
        </ActionIcon>
      </div>
    </div>
  )
}

function saveOnEnter(event: KeyboardEvent<HTMLTextAreaElement>): void {
  if (event.key !== 'Enter' || event.shiftKey || event.nativeEvent.isComposing) return
  event.preventDefault()
  event.currentTarget.form?.requestSubmit()
}
