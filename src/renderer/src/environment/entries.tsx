/** The entries of an instance's `.env`. Possible secrets are masked, and can be shown one at a time for a while. */
import { ActionIcon } from '@mantine/core'
import { IconCopy, IconCheck, IconEye, IconEyeOff } from '@tabler/icons-react'
import { useEffect, useState } from 'react'
import type { InstanceDetails } from '../../../shared/instance'
import { CopyButton } from '../app/copy-button'
import { notifyProblem } from '../app/notify'
import { useTRPCClient } from '../app/trpc'
import classes from '../instances/instance.module.css'

/** Milliseconds that a secret stays visible. */
const shownFor = 30_000

export function Entries({ name, env }: { name: string; env: InstanceDetails['env'] }) {
  if (!env.length) return <p className={`card ${classes.nothing}`}>Its .env is empty or missing.</p>
  return (
    <dl className={`card ${classes.env}`}>
      {env.map(({ key, value }) => (
        <div key={key}>
          <dt className="mono" title={key}>
            {key}
          </dt>
          <dd>
            {value === undefined ? (
              <Secret name={name} entry={key} />
            ) : (
              <>
                <span className={`mono ${classes.value}`}>{value || <span className="dimmed">empty</span>}</span>
                {value && <CopyButton value={value} label={key} />}
              </>
            )}
          </dd>
        </div>
      ))}
    </dl>
  )
}

function Secret({ name, entry }: { name: string; entry: string }) {
  const client = useTRPCClient()
  const [value, setValue] = useState<string>()
  const [copied, setCopied] = useState(false)
  useEffect(() => {
    if (value === undefined) return
    const timer = setTimeout(() => setValue(undefined), shownFor)
    return () => clearTimeout(timer)
  }, [value])
  useEffect(() => {
    if (!copied) return
    const timer = setTimeout(() => setCopied(false), 2000)
    return () => clearTimeout(timer)
  }, [copied])
  const reveal = (): Promise<string> => client.instances.reveal.mutate({ name, key: entry })
  const toggle = (): void => {
    if (value === undefined) reveal().then(setValue, notifyProblem)
    else setValue(undefined)
  }
  /** Without showing it. */
  const copy = (): void => {
    reveal()
      .then(it => navigator.clipboard.writeText(it))
      .then(() => setCopied(true), notifyProblem)
  }
  const word = value === undefined ? `Show ${entry}` : `Hide ${entry}`
  return (
    <>
      {value === undefined ? (
        <span className={`mono ${classes.masked}`} role="img" aria-label="hidden">
          ••••••••••••
        </span>
      ) : (
        <span className={`mono ${classes.value}`} data-testid="secret">
          {value}
        </span>
      )}
      <ActionIcon
        variant="subtle"
        color="gray"
        title={value === undefined ? 'Show for 30 seconds' : 'Hide'}
        aria-label={word}
        onClick={toggle}
      >
        {value === undefined ? <IconEye size={16} /> : <IconEyeOff size={16} />}
      </ActionIcon>
      <ActionIcon
        variant="subtle"
        color="gray"
        title={copied ? 'Copied' : 'Copy without showing'}
        aria-label={copied ? 'Copied' : `Copy ${entry}`}
        aria-live="polite"
        onClick={copy}
      >
        {copied ? <IconCheck size={16} /> : <IconCopy size={16} />}
      </ActionIcon>
    </>
  )
}
