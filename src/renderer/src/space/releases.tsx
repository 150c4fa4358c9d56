/** Prepared releases in Settings: their age and size, who uses them, and a button that removes the others. */
import { Button, Skeleton, Table } from '@mantine/core'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { bytes, count } from '../../../shared/amounts'
import { usesOf, type ReleaseList, type ReleaseView } from '../../../shared/releases'
import { notifyNews, notifyProblem } from '../app/notify'
import { ProblemView } from '../app/problem'
import { problemOf } from '../app/problem-of'
import { when } from '../app/time'
import { useTRPC } from '../app/trpc'
import classes from './space.module.css'

export function Releases() {
  const trpc = useTRPC()
  const list = useQuery(trpc.releases.list.queryOptions(undefined, { staleTime: 0 }))
  if (list.error)
    return (
      <ProblemView problem={problemOf(list.error)} onRetry={() => void list.refetch()} retrying={list.isFetching} />
    )
  if (!list.data) return <Skeleton height={120} radius="lg" />
  if (list.data.releases.length === 0)
    return (
      <p className={`card ${classes.none}`}>
        None yet. Creating the first instance prepares the base application; later instances reuse that release.
      </p>
    )
  return (
    <div className={`card ${classes.releases}`}>
      <Table verticalSpacing={10} horizontalSpacing={20} aria-label="Releases">
        <Table.Thead>
          <Table.Tr>
            <Table.Th>Release</Table.Th>
            <Table.Th>Prepared</Table.Th>
            <Table.Th>Used by</Table.Th>
            <Table.Th className={classes.size}>Size</Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {list.data.releases.map(it => (
            <Row key={it.fingerprint} release={it} />
          ))}
        </Table.Tbody>
      </Table>
      <Summary list={list.data} />
    </div>
  )
}

const Row = ({ release }: { release: ReleaseView }) => (
  <Table.Tr>
    <Table.Th scope="row" className={`mono ${classes.release}`}>
      {release.fingerprint.slice(0, 8)}
    </Table.Th>
    <Table.Td className={classes.prepared}>{release.prepared && when(release.prepared)}</Table.Td>
    <Table.Td className={release.removable ? 'dimmed' : undefined}>{usesOf(release)}</Table.Td>
    <Table.Td className={classes.size}>{bytes(release.bytes)}</Table.Td>
  </Table.Tr>
)

function Summary({ list: { bytes: total, removable } }: { list: ReleaseList }) {
  const trpc = useTRPC()
  const queries = useQueryClient()
  const prune = useMutation(
    trpc.releases.prune.mutationOptions({
      onError: notifyProblem,
      onSuccess: removed => {
        void queries.invalidateQueries({ queryKey: trpc.releases.list.queryKey() })
        void queries.invalidateQueries({ queryKey: trpc.space.report.queryKey() })
        notifyNews(`Freed ${bytes(removed.bytes)}`, `Removed ${count(removed.releases, 'release')}.`, 'good')
      },
    }),
  )
  return (
    <div className={classes.summary}>
      <span>
        {bytes(total)} in total
        <span className="dimmed">; sizes leave out what releases share with each other and with instances</span>
      </span>
      {removable.bytes > 0 && (
        <Button size="xs" variant="default" loading={prune.isPending} onClick={() => prune.mutate()}>
          Remove unused ({bytes(removable.bytes)})
        </Button>
      )}
    </div>
  )
}
