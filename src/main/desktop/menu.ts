/** The application's menus: what the page in the window offers, and what every window can do. */
import type { MenuEntry, MenuTitle } from '../../shared/menu'

type Item = Electron.MenuItemConstructorOptions

interface MenuOptions {
  /** Shows developer tools. */
  readonly developing: boolean
  /** Called with the id of the page's entry that was chosen. */
  readonly onChoose: (id: string) => void
}

export function menuTemplate(entries: readonly MenuEntry[], { developing, onChoose }: MenuOptions): Item[] {
  const menu = (title: MenuTitle, own: readonly Item[] = []): Item[] => {
    const offered = entries
      .filter(it => it.menu === title)
      .map(({ id, label, key, enabled }): Item => ({
        id,
        label: label.replaceAll('&', '&&'), // one would underline the next letter
        enabled,
        ...(key !== undefined && { accelerator: key, registerAccelerator: false }), // the page listens to it
        click: () => onChoose(id),
      }))
    const between: Item[] = offered.length > 0 && own.length > 0 ? [{ type: 'separator' }] : []
    const submenu = [...offered, ...between, ...own]
    return submenu.length > 0 ? [{ label: title, submenu }] : []
  }
  return [
    ...menu('File', [{ role: 'quit' }]),
    { role: 'editMenu' },
    ...menu('Instance'),
    ...menu('Infrastructure'),
    ...menu('View', [
      { role: 'reload' },
      { type: 'separator' },
      { role: 'resetZoom' },
      { role: 'zoomIn' },
      { role: 'zoomIn', accelerator: 'CommandOrControl+=', visible: false }, // without Shift
      { role: 'zoomOut' },
      { type: 'separator' },
      { role: 'togglefullscreen' },
      ...(developing ? [{ role: 'toggleDevTools' } as const] : []),
    ]),
    { role: 'windowMenu' },
    ...menu('Help'),
  ]
}
