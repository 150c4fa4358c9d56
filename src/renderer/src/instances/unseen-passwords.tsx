/** Announces passwords of new directors that nobody has been shown yet. */
import { Button } from '@mantine/core'
import { IconKey } from '@tabler/icons-react'
import { useMemo, useState } from 'react'
import { Link } from 'wouter'
import type { OperationState } from '../../../shared/operation'
import { useInstances, useOperations, useUnseen } from '../app/live'
import { useJobs } from '../jobs/jobs'
import { Banner } from './banner'
import { LinkedNames } from './linked-names'
import { passwordsOf } from './passwords-several'
import { nameNow } from './renames'

/** @param of one instance only */
export function UnseenPasswords({ of }: { of?: string }) {
  const unseen = useUnseen()
  const { data } = useInstances()
  const names = new Set(of === undefined ? data?.instances.map(it => it.name) : [of])
  const { operations } = useOperations()
  const all = useMemo(
    () =>
      operations
        .filter(it => unseen?.includes(it.id))
        .map(operation => ({ operation, name: nameNow(operation, operations) })),
    [operations, unseen],
  )
  const creations = all.filter(it => names.has(it.name))
  return <Announced key={creations.map(it => it.operation.id).join()} creations={creations} />
}

interface Creation {
  readonly operation: OperationState
  /** The instance's. */
  readonly name: string
}

/** Remounted when there are others, so a dismissed banner returns for new ones. */
function Announced({ creations }: { creations: readonly Creation[] }) {
  const { ask } = useJobs()
  const [dismissed, setDismissed] = useState(false)
  const [first] = creations
  if (dismissed || !first) return null
  const many = creations.length > 1
  return (
    <Banner
      tone="info"
      icon={<IconKey size={20} aria-hidden />}
      text={
        many
          ? `${creations.length} directors’ passwords haven’t been shown yet.`
          : `The password of ${first.name}’s director hasn’t been shown yet.`
      }
      detail={
        <>
          {many && (
            <>
              <LinkedNames links={creations.map(it => ({ name: it.name, href: pageOf(it.operation) }))} />.{' '}
            </>
          )}
          {many ? 'Each' : 'It'} can be shown once, within a day.
        </>
      }
      onDismiss={() => setDismissed(true)}
    >
      {many ? (
        <Button size="xs" onClick={() => ask(passwordsOf(creations.map(it => it.operation)))}>
          Show them…
        </Button>
      ) : (
        <Button size="xs" component={Link} href={pageOf(first.operation)}>
          Go to the password
        </Button>
      )}
    </Banner>
  )
}

const pageOf = ({ id }: OperationState): string => `/operations/${id}`
