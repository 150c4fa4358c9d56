/** Disk space: a warning above the list, and details in Settings. */
import { useQuery } from '@tanstack/react-query'
import { useSubscription } from '@trpc/tanstack-react-query'
import { bytes } from '../../../shared/amounts'
import { freeableTitle, isLow, type DiskSpace } from '../../../shared/space'
import { ProblemView } from '../app/problem'
import { useTRPC } from '../app/trpc'
import { FreeSpaceButton } from './free-space'
import facts from '../app/facts.module.css'
import classes from './space.module.css'

/** Pushed. Undefined until known, or if it can't be determined. */
function useDisk(): DiskSpace | undefined {
  const trpc = useTRPC()
  return useSubscription(trpc.space.watch.subscriptionOptions()).data
}

/** Shown only when space is low. */
export function LowSpace() {
  const trpc = useTRPC()
  const disk = useDisk()
  const low = disk !== undefined && isLow(disk)
  const { data } = useQuery(trpc.space.report.queryOptions(undefined, { enabled: low, staleTime: 0 }))
  if (!low) return null
  const freeable = data?.freeable.filter(it => it.bytes > 0).map(it => `${freeableTitle(it)} (${bytes(it.bytes)})`)
  return (
    <ProblemView
      tone="warn"
      quiet
      problem={{
        code: 'disk-low',
        message: `The disk is nearly full: ${bytes(disk.free)} of ${bytes(disk.total)} free.`,
        cause:
          'A full disk stops PostgreSQL, and every instance with it. You can’t create instances until there is more space.',
        hint:
          freeable &&
          (freeable.length
            ? `You can free: ${freeable.join(' · ')}`
            : 'There is nothing to free here. Delete an instance, or remove other files from the disk.'),
      }}
    >
      <FreeSpaceButton primary />
    </ProblemView>
  )
}

/** The details in Settings. */
export function DiskFacts() {
  const disk = useDisk()
  return (
    <dl className={`card ${facts.facts} ${classes.facts}`}>
      <div>
        <dt>Free</dt>
        <dd>
          {disk && (
            <span>
              {bytes(disk.free)} of {bytes(disk.total)}
              <span className="dimmed">; new instances are refused below {bytes(disk.reserve)}</span>
            </span>
          )}
          <FreeSpaceButton />
        </dd>
      </div>
    </dl>
  )
}
