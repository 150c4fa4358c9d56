import { Button, Loader, Title } from '@mantine/core'
import { useDebouncedValue } from '@mantine/hooks'
import { IconFolderOpen } from '@tabler/icons-react'
import { useMutation, useQuery } from '@tanstack/react-query'
import { useState, type FormEvent } from 'react'
import { PathField } from '../app/path-field'
import { ProblemView } from '../app/problem'
import { problemOf } from '../app/problem-of'
import { useTRPC } from '../app/trpc'
import { WorkspaceChecks } from './workspace-checks'
import classes from './first-run.module.css'

/** Opens a folder with an application, checking it while its path is typed. */
export function ExistingFolder() {
  const trpc = useTRPC()
  const [path, setPath] = useState('')
  const [settled] = useDebouncedValue(path.trim(), 250)
  const looksWhole = /^[/~]/.test(settled)
  const check = useQuery(trpc.app.checkFolder.queryOptions({ path: settled }, { enabled: looksWhole, staleTime: 0 }))
  const open = useMutation(trpc.app.open.mutationOptions())
  const current = settled === path.trim() ? check.data : undefined
  const problem = open.error ?? (looksWhole ? check.error : null)
  const submit = (event: FormEvent): void => {
    event.preventDefault()
    if (current?.usable) open.mutate({ path: current.path })
  }
  return (
    <form className={`card ${classes.way}`} onSubmit={submit} aria-label="Open an existing folder">
      <div className={classes.wayHead}>
        <IconFolderOpen size={22} stroke={1.7} aria-hidden />
        <Title order={2}>Open an existing folder</Title>
      </div>
      <p>
        Your application, with or without instances. Instances created by the older command line tool are found too.
      </p>
      <PathField
        of="folder"
        label="Folder"
        dialogTitle="Choose the folder with server/ and client/"
        placeholder="/path/to/your/application"
        value={path}
        onChange={value => {
          setPath(value)
          open.reset()
        }}
        error={settled && !looksWhole ? 'Enter the full path, starting with /.' : undefined}
      />
      <div aria-live="polite">
        {check.isFetching && !current && <Loader size="xs" role="progressbar" aria-label="Checking" />}
        {current && <WorkspaceChecks check={current} />}
      </div>
      {problem && <ProblemView problem={problemOf(problem)} />}
      <div className={classes.wayEnd}>
        <Button
          type="submit"
          variant={current?.usable ? 'filled' : 'default'}
          disabled={!current?.usable}
          loading={open.isPending}
        >
          Open the workspace
        </Button>
      </div>
    </form>
  )
}
