import { Button, Title } from '@mantine/core'
import { IconSparkles } from '@tabler/icons-react'
import { useMutation } from '@tanstack/react-query'
import { useState, type FormEvent } from 'react'
import { useApp } from '../app/live'
import { PathField } from '../app/path-field'
import { ProblemView } from '../app/problem'
import { problemOf } from '../app/problem-of'
import { useTRPC } from '../app/trpc'
import classes from './first-run.module.css'

/** Creates a workspace with the sample application: the quickest way to see everything work. */
export function SampleWorkspace() {
  const { home } = useApp()
  const trpc = useTRPC()
  const [path, setPath] = useState(`${home}/instance-manager`)
  const create = useMutation(trpc.app.createSample.mutationOptions())
  const problem = create.error ? problemOf(create.error) : undefined
  const submit = (event: FormEvent): void => {
    event.preventDefault()
    create.mutate({ path: path.trim() })
  }
  return (
    <form className={`card ${classes.way}`} onSubmit={submit} aria-label="New workspace from the sample application">
      <div className={classes.wayHead}>
        <IconSparkles size={22} stroke={1.7} aria-hidden />
        <Title order={2}>New workspace from the sample application</Title>
      </div>
      <p>A small, real application with a server, a client and a database. See everything work, then bring your own.</p>
      <PathField
        of="folder"
        label="New folder"
        dialogTitle="Choose an empty folder"
        value={path}
        onChange={value => {
          setPath(value)
          create.reset()
        }}
      />
      {problem && <ProblemView problem={problem} />}
      <div className={classes.wayEnd}>
        <Button type="submit" loading={create.isPending} disabled={!path.trim()}>
          Create the workspace
        </Button>
      </div>
    </form>
  )
}
