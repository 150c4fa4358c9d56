/** Saved views: the menu to choose, save and delete them. */
import { Button, Menu, TextInput } from '@mantine/core'
import { IconBookmark, IconCheck, IconChevronDown, IconPlus, IconTrash } from '@tabler/icons-react'
import { useMutation } from '@tanstack/react-query'
import { useSubscription } from '@trpc/tanstack-react-query'
import { useRef, useState, type FormEvent } from 'react'
import { isNamed, viewNameSchema, type SavedView } from '../../../shared/saved-views'
import { confirm } from '../app/confirm'
import { useHold } from '../app/hold'
import { notifyProblem } from '../app/notify'
import { ProblemView } from '../app/problem'
import { problemOf } from '../app/problem-of'
import { useTRPC } from '../app/trpc'
import { useJobs, type Question } from '../jobs/jobs'
import { arrangementOf, textOf } from './arrangement'
import { useListState } from './list-state'
import dialogs from './dialogs.module.css'
import classes from './list.module.css'

export function SavedViews() {
  const trpc = useTRPC()
  const { arrange, ...now } = useListState()
  const { ask } = useJobs()
  const { data: views = [], error } = useSubscription(trpc.views.watch.subscriptionOptions())
  const remove = useMutation(trpc.views.remove.mutationOptions({ onError: notifyProblem }))
  const text = textOf(now)
  const button = useRef<HTMLButtonElement>(null)
  const current = views.filter(it => textOf(arrangementOf(it.arrangement)) === text)
  const [chosen] = current
  const save = (): void => {
    button.current?.focus() // the dialog gives the focus back to what has it now, and the menu's entry goes
    ask(saveDialog(text, views))
  }
  const askToRemove = (name: string): void =>
    confirm({
      title: `Delete the view “${name}”?`,
      children: 'It is deleted for everyone who uses this workspace. The instances stay as they are.',
      confirm: 'Delete',
      cancel: 'Keep it',
      onConfirm: () => remove.mutate({ name }),
    })
  return (
    <Menu
      position="bottom-end"
      width={280}
      withInitialFocusPlaceholder={false}
      classNames={{ itemIndicator: classes.check }}
    >
      <Menu.Target>
        <Button
          ref={button}
          size="xs"
          variant="default"
          className={classes.saved}
          leftSection={<IconBookmark size={16} aria-hidden />}
          rightSection={<IconChevronDown size={14} aria-hidden />}
          aria-label={chosen ? `View: ${chosen.name}` : 'Saved views'}
        >
          {chosen?.name ?? 'Views'}
        </Button>
      </Menu.Target>
      <Menu.Dropdown className={classes.menu} mah={400}>
        {error && <Menu.Label>{problemOf(error).message}</Menu.Label>}
        {!views.length && !error && (
          <Menu.Label>
            No saved views yet. A view saves a search, filter and order under a name, for everyone who uses this
            workspace.
          </Menu.Label>
        )}
        {views.map(it => (
          <Menu.RadioItem
            key={it.name}
            value={it.name}
            checked={it === chosen}
            checkIcon={<IconCheck size={16} aria-hidden />}
            closeMenuOnClick
            onChange={() => arrange(arrangementOf(it.arrangement))}
          >
            {it.name}
          </Menu.RadioItem>
        ))}
        <Menu.Divider />
        {!chosen && (
          <Menu.Item leftSection={<IconPlus size={16} />} onClick={save}>
            Save this view…
          </Menu.Item>
        )}
        {current.map(it => (
          <Menu.Item
            key={it.name}
            className={classes.danger}
            leftSection={<IconTrash size={16} />}
            onClick={() => askToRemove(it.name)}
          >
            Delete the view “{it.name}”…
          </Menu.Item>
        ))}
      </Menu.Dropdown>
    </Menu>
  )
}

const saveDialog = (arrangement: string, views: readonly SavedView[]): Question => ({
  title: 'Save this view',
  form: close => <SaveForm arrangement={arrangement} views={views} onClose={close} />,
})

interface SaveFormProps {
  arrangement: string
  views: readonly SavedView[]
  onClose: () => void
}

function SaveForm({ arrangement, views, onClose }: SaveFormProps) {
  const trpc = useTRPC()
  const [name, setName] = useState('')
  const [tried, setTried] = useState(false)
  const save = useMutation(trpc.views.save.mutationOptions({ onSuccess: onClose }))
  const replaced = views.find(isNamed(name))
  const fault = viewNameSchema.safeParse(name).error?.issues[0]?.message
  useHold(save.isPending ? 'busy' : name !== '' && 'typed')
  const submit = (event: FormEvent): void => {
    event.preventDefault()
    setTried(true)
    if (fault === undefined) save.mutate({ name, arrangement })
  }
  return (
    <form className={dialogs.form} onSubmit={submit} noValidate aria-label="Save this view">
      <TextInput
        label="Name"
        description="Saves the current search, filter, order and layout (table or grid)."
        value={name}
        onChange={event => setName(event.currentTarget.value)}
        error={tried && fault}
        autoComplete="off"
        data-autofocus
      />
      {replaced && <p>“{replaced.name}” will be replaced.</p>}
      {save.error && <ProblemView problem={problemOf(save.error)} />}
      <div className={dialogs.buttons}>
        <Button variant="default" onClick={onClose}>
          Cancel
        </Button>
        <Button type="submit" loading={save.isPending}>
          {replaced ? 'Replace' : 'Save'}
        </Button>
      </div>
    </form>
  )
}
