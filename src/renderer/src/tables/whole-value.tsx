/** One value that was cut in its row. */
import { Skeleton } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import type { z } from 'zod'
import type { valueSchema } from '../../../shared/tables'
import { CopyButton } from '../app/copy-button'
import { ProblemView } from '../app/problem'
import { problemOf } from '../app/problem-of'
import { useTRPC } from '../app/trpc'
import classes from './tables.module.css'

export function WholeValue({ of }: { of: z.infer<typeof valueSchema> }) {
  const { data, error } = useQuery(useTRPC().tables.value.queryOptions(of, { staleTime: 0, gcTime: 0 }))
  if (error) return <ProblemView problem={problemOf(error)} />
  if (!data) return <Skeleton height={200} radius="md" />
  const text = data.text ?? ''
  return (
    <>
      {/* oxlint-disable-next-line jsx_a11y/no-noninteractive-tabindex -- it scrolls, so the keyboard must reach it */}
      <pre className={classes.whole} tabIndex={0}>
        {text}
      </pre>
      <footer className={classes.foot}>
        <span>{data.cut ? `First ${text.length.toLocaleString()} characters only` : ''}</span>
        <CopyButton value={text} label="value" />
      </footer>
    </>
  )
}
