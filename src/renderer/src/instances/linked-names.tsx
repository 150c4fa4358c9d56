/** Names of instances in a sentence, each a link. */
import { Anchor } from '@mantine/core'
import { Fragment } from 'react'
import { Link } from 'wouter'

interface NameLink {
  readonly name: string
  readonly href: string
  /** For screen readers, if the name alone doesn't say where the link leads. */
  readonly label?: string
}

/** More are counted, not named. */
const limit = 6

export const LinkedNames = ({ links }: { links: readonly NameLink[] }) => (
  <>
    {links.slice(0, limit).map(({ name, href, label }, index) => (
      <Fragment key={name}>
        {index > 0 && ', '}
        <Anchor component={Link} href={href} inherit underline="always" aria-label={label}>
          {name}
        </Anchor>
      </Fragment>
    ))}
    {links.length > limit && ` and ${links.length - limit} more`}
  </>
)
