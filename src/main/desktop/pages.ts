/** The built pages, under a scheme of their own (with `file:` they could read other files), and what they may do. */
import { app as electron, protocol, session } from 'electron'
import { pageResponse } from '../pages'
import { productIn } from '../system/product'

const scheme = 'app'
export const origin = `${scheme}://instance-manager`

/** The files of this product. */
export const product = productIn(electron.getAppPath())

/** Call it before Electron is ready. The pages' code is compiled once, not at every start. */
export const registerScheme = (): void =>
  protocol.registerSchemesAsPrivileged([{ scheme, privileges: { standard: true, secure: true, codeCache: true } }])

export function servePages(): void {
  protocol.handle(scheme, ({ url }) => pageResponse(product.pages, origin, new URL(url)))
  session.defaultSession.setPermissionRequestHandler((asking, permission, answer) =>
    answer(permitted(permission, asking.getURL())),
  )
  session.defaultSession.setPermissionCheckHandler((_, permission, asking) => permitted(permission, asking))
}

/**
 * The browser permissions that the pages need: for copy buttons, and for notifications while the window is in the
 * background. @param asking a URL or an origin
 */
const permitted = (permission: string, asking: string): boolean =>
  ['clipboard-sanitized-write', 'notifications'].includes(permission) && `${asking}/`.startsWith(`${origin}/`)
