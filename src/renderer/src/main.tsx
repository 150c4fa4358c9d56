/** The renderer's entry point: fonts, styles, the connection to the main process, the app. */
import '@fontsource-variable/inter/wght.css'
import '@fontsource-variable/jetbrains-mono/wght.css'
import '@mantine/core/styles.css'
import '@mantine/notifications/styles.css'
import '@mantine/spotlight/styles.css'
import './app/theme.css'
import { StrictMode } from 'react'
import { createRoot } from 'react-dom/client'
import { Root } from './app/app'
import { hasToken, rememberPlace } from './app/page-session'
import { SignedOut } from './app/signed-out'
import { connect } from './app/trpc'

const element = document.getElementById('root')
if (!element) throw new Error('index.html has no #root')
const root = createRoot(element)
const connection = connect(installed =>
  root.render(
    <StrictMode>
      <SignedOut installed={installed} />
    </StrictMode>,
  ),
)
root.render(
  <StrictMode>
    <Root connection={connection} />
  </StrictMode>,
)
// Opening a sign-in link in a tab that already shows these pages only changes the fragment.
addEventListener('hashchange', ({ oldURL }) => {
  if (!hasToken()) return
  rememberPlace(new URL(oldURL).hash)
  location.reload()
})
