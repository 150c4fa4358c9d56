import { expect, it } from 'vitest'
import { menuTemplate } from '../../src/main/desktop/menu'
import type { MenuEntry } from '../../src/shared/menu'

it('puts the page’s entries before its own; names are shown as they are, and keys are left to the page', () => {
  const entries: MenuEntry[] = [
    { menu: 'View', id: 'find', label: 'Find', key: 'Ctrl+K', enabled: true },
    { menu: 'Instance', id: 'stop', label: 'Stop A&B', enabled: false },
  ]
  const chosen: string[] = []
  const menus = menuTemplate(entries, { developing: false, onChoose: id => chosen.push(id) })
  const of = (title: string) => menus.find(it => it.label === title)?.submenu as Electron.MenuItemConstructorOptions[]
  expect(of('View').slice(0, 3)).toMatchObject([
    { label: 'Find', accelerator: 'Ctrl+K', registerAccelerator: false },
    { type: 'separator' },
    { role: 'reload' },
  ])
  expect(of('Instance')).toMatchObject([{ label: 'Stop A&&B', enabled: false }])
  expect(of('Help')).toBeUndefined()
  const choose = of('View')[0]?.click as (() => void) | undefined
  choose?.()
  expect(chosen).toEqual(['find'])
})
