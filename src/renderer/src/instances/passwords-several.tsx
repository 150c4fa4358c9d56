/** Shows the passwords of several new directors, once, with a file to keep them in. */
import { Button, Table } from '@mantine/core'
import { IconDownload, IconEye } from '@tabler/icons-react'
import { useMutation } from '@tanstack/react-query'
import Papa from 'papaparse'
import { count } from '../../../shared/amounts'
import { compareNames } from '../../../shared/compare-names'
import type { OperationState } from '../../../shared/operation'
import { CopyButton } from '../app/copy-button'
import { handOver } from '../app/hand-over'
import { useHold } from '../app/hold'
import { useOperations } from '../app/live'
import { ProblemView } from '../app/problem'
import { problemOf } from '../app/problem-of'
import { useTRPCClient } from '../app/trpc'
import type { Question } from '../jobs/jobs'
import { nameNow } from './renames'
import dialogs from './dialogs.module.css'

export const passwordsOf = (creations: readonly OperationState[]): Question => ({
  title: `Passwords of ${count(creations.length, 'director')}`,
  size: 640,
  form: close => <Form creations={creations} onClose={close} />,
})

interface Account {
  readonly name: string
  readonly email: string
  readonly password: string
}

function Form({ creations, onClose }: { creations: readonly OperationState[]; onClose: () => void }) {
  const client = useTRPCClient()
  const { operations } = useOperations()
  const take = useMutation({
    mutationFn: async () => {
      const taken: Account[] = []
      for (const it of creations) {
        const account = await client.operations.takePassword.mutate({ id: it.id })
        if (account) taken.push({ name: nameNow(it, operations), ...account })
      }
      return taken.toSorted((a, b) => compareNames(a.name, b.name))
    },
  })
  useHold((take.isPending || take.isSuccess) && 'busy')
  if (!take.data)
    return (
      <div className={dialogs.form}>
        <p>They can be shown only once. Save the file, or pass them on right away.</p>
        {take.error && <ProblemView problem={problemOf(take.error)} />}
        <div className={dialogs.buttons}>
          <Button variant="default" onClick={onClose}>
            Cancel
          </Button>
          <Button
            leftSection={<IconEye size={16} aria-hidden />}
            loading={take.isPending}
            onClick={() => take.mutate()}
            data-autofocus
          >
            Show the passwords
          </Button>
        </div>
      </div>
    )
  return (
    <div className={dialogs.form}>
      <Table.ScrollContainer minWidth={480} maxHeight={400}>
        <Table stickyHeader aria-label="Passwords">
          <Table.Thead>
            <Table.Tr>
              {['Name', 'Email', 'Password'].map(it => (
                <Table.Th key={it}>{it}</Table.Th>
              ))}
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {take.data.map(it => (
              <Table.Tr key={it.name}>
                <Table.Td>{it.name}</Table.Td>
                <Table.Td>{it.email}</Table.Td>
                <Table.Td>
                  <span className={dialogs.line}>
                    <span className="mono">{it.password}</span>
                    <CopyButton value={it.password} label={`password of ${it.name}`} />
                  </span>
                </Table.Td>
              </Table.Tr>
            ))}
          </Table.Tbody>
        </Table>
      </Table.ScrollContainer>
      <p className="dimmed">Save them now: they won’t be shown again.</p>
      <div className={dialogs.buttons}>
        <Button
          variant="default"
          leftSection={<IconDownload size={16} aria-hidden />}
          onClick={() => handOver(new Blob([csvOf(take.data)], { type: 'text/csv' }), 'passwords.csv')}
        >
          Save as CSV
        </Button>
        <Button onClick={onClose}>Done</Button>
      </div>
    </div>
  )
}

const csvOf = (accounts: readonly Account[]): string => `${Papa.unparse([...accounts], { newline: '\n' })}\n`
