/** Starting after a reboot: the switch in the settings, and the offer beside instances that are down. */
import { Anchor, Switch } from '@mantine/core'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { uncapital } from '../../../shared/amounts'
import { autostartBy } from '../../../shared/autostart'
import { notifyNews, notifyProblem } from '../app/notify'
import { ProblemView } from '../app/problem'
import { problemOf } from '../app/problem-of'
import { useTRPC } from '../app/trpc'
import classes from './settings.module.css'

function useAutostart() {
  const trpc = useTRPC()
  const queries = useQueryClient()
  const status = useQuery(trpc.autostart.status.queryOptions(undefined, { retry: false }))
  const change = useMutation(
    trpc.autostart.change.mutationOptions({
      onSuccess: now => queries.setQueryData(trpc.autostart.status.queryKey(), now),
    }),
  )
  return { status, change }
}

export function AutostartSwitch() {
  const { status, change } = useAutostart()
  const { data } = status
  const set = (on: boolean): void => change.mutate({ on })
  const failed = change.error ?? status.error
  return (
    <>
      <Switch
        aria-label="Start after a reboot"
        label="PostgreSQL and PgBouncer first, then the instances that should be running."
        description={data?.state === 'on' && data.by && [autostartBy[data.by], data.file].filter(Boolean).join(': ')}
        classNames={{ description: classes.path }}
        checked={data !== undefined && data.state !== 'off'}
        disabled={!data || change.isPending}
        onChange={event => set(event.currentTarget.checked)}
      />
      {failed ? (
        <ProblemView
          problem={problemOf(failed)}
          onRetry={() => (change.variables ? set(change.variables.on) : void status.refetch())}
        />
      ) : (
        data?.problem && <ProblemView problem={data.problem} tone="warn" />
      )}
    </>
  )
}

/** Turns it on with one click; nothing if it is on already. */
export function AutostartOffer() {
  const { status, change } = useAutostart()
  if (!status.data || status.data.state === 'on') return null
  const turnOn = (): void =>
    change.mutate(
      { on: true },
      {
        onError: notifyProblem,
        onSuccess: ({ problem }) =>
          notifyNews(
            'Start after a reboot is on',
            problem ? `But ${uncapital(problem.message)}` : 'You can turn it off in the settings.',
            problem ? 'neutral' : 'good',
          ),
      },
    )
  return (
    <Anchor component="button" type="button" inherit underline="always" disabled={change.isPending} onClick={turnOn}>
      Start automatically after a reboot
    </Anchor>
  )
}
