import { MantineProvider, Skeleton } from '@mantine/core'
import { renderToStaticMarkup } from 'react-dom/server'
import { expect, it } from 'vitest'
import { theme } from '../../../src/renderer/src/app/theme'

it('what is still loading has a name and a role, without which the name isn’t read', () => {
  const page = renderToStaticMarkup(
    <MantineProvider theme={theme}>
      <Skeleton />
    </MantineProvider>,
  )
  expect(page).toMatch(/<div [^>]*role="progressbar" aria-label="Loading"/)
})
