/** Everything that can be done from any screen: the one list behind the command palette and the window's menus. */
import {
  IconBook,
  IconDownload,
  IconCloudDownload,
  IconFileImport,
  IconHelp,
  IconInfoCircle,
  IconKeyboard,
  IconPlayerPlay,
  IconPlayerStop,
  IconPlus,
  IconRefresh,
  IconSearch,
  type Icon,
} from '@tabler/icons-react'
import { spotlight } from '@mantine/spotlight'
import { useLocation } from 'wouter'
import type { MenuTitle } from '../../../shared/menu'
import { useAbout } from '../help/about'
import { useSaveDiagnostics } from '../help/diagnostics'
import { showShortcuts } from '../help/shortcuts'
import { useInfrastructureSwitch } from '../infrastructure/switch'
import { helpKey, paletteKey } from './keys'
import { places } from './places'

export interface AppAction {
  readonly id: string
  readonly label: string
  readonly menu: MenuTitle
  readonly Icon: Icon
  readonly run: () => void
  /** Keys pressed together. */
  readonly keys?: readonly string[]
  /** It can't be done now. */
  readonly disabled?: boolean
  /** Leads to a screen. */
  readonly place?: true
  /** The palette lists it only once it is typed. */
  readonly rare?: true
}

export function useAppActions(): readonly AppAction[] {
  const [, navigate] = useLocation()
  const infrastructure = useInfrastructureSwitch()
  const saveDiagnostics = useSaveDiagnostics()
  const showAbout = useAbout()
  const place = (menu: MenuTitle, to: string, label: string, Icon: Icon): AppAction => ({
    id: `go-${to}`,
    label,
    menu,
    Icon,
    run: () => navigate(to),
    place: true,
  })
  return [
    { id: 'create', label: 'New instance', menu: 'File', Icon: IconPlus, run: () => navigate('/create') },
    {
      id: 'create-several',
      label: 'New instances from a CSV file',
      menu: 'File',
      Icon: IconFileImport,
      run: () => navigate('/create/several'),
      rare: true,
    },
    {
      id: 'start-infrastructure',
      label: 'Start the infrastructure',
      menu: 'Infrastructure',
      Icon: IconPlayerPlay,
      run: () => infrastructure.start(),
      disabled: !infrastructure.canStart(),
    },
    {
      id: 'stop-infrastructure',
      label: 'Stop the infrastructure…',
      menu: 'Infrastructure',
      Icon: IconPlayerStop,
      run: () => infrastructure.stop(),
      disabled: !infrastructure.canStop(),
    },
    {
      id: 'restart-infrastructure',
      label: 'Restart the infrastructure…',
      menu: 'Infrastructure',
      Icon: IconRefresh,
      run: () => infrastructure.restart(),
      disabled: !infrastructure.canStop(),
    },
    {
      id: 'load-image',
      label: 'Load an image from a file…',
      menu: 'Infrastructure',
      Icon: IconFileImport,
      run: () => infrastructure.loadImages(),
      disabled: !infrastructure.canLoadImages,
      rare: true,
    },
    {
      id: 'newer-images',
      label: 'Look for newer images',
      menu: 'Infrastructure',
      Icon: IconCloudDownload,
      run: infrastructure.refreshImages,
      disabled: !infrastructure.canLoadImages || infrastructure.busy || infrastructure.refreshingImages,
      rare: true,
    },
    {
      id: 'find',
      label: 'Find an instance or an action',
      menu: 'View',
      Icon: IconSearch,
      keys: paletteKey,
      run: spotlight.open,
      rare: true,
    },
    ...places.map(({ to, word, Icon }) => place('View', to, word, Icon)),
    place('Help', '/help', 'Help', IconHelp),
    { ...place('Help', '/help/README.md', 'Documentation', IconBook), rare: true },
    {
      id: 'shortcuts',
      label: 'Keyboard shortcuts',
      menu: 'Help',
      Icon: IconKeyboard,
      keys: [helpKey],
      run: showShortcuts,
      rare: true,
    },
    {
      id: 'diagnostics',
      label: 'Save diagnostics…',
      menu: 'Help',
      Icon: IconDownload,
      run: saveDiagnostics.run,
      disabled: saveDiagnostics.busy,
      rare: true,
    },
    {
      id: 'about',
      label: 'About Instance Manager',
      menu: 'Help',
      Icon: IconInfoCircle,
      run: showAbout,
      rare: true,
    },
  ]
}
