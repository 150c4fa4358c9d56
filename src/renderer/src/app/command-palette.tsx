/** Ctrl+K: every instance and every action by its name. */
import { Spotlight, type SpotlightActionGroupData } from '@mantine/spotlight'
import {
  IconActivity, IconDatabase, IconExternalLink, IconLayoutGrid, IconPlayerPlay, IconPlayerStop, IconPlus, IconSearch, IconSettings,
} from '@tabler/icons-react'
import { useLocation } from 'wouter'
import { useInfrastructureSwitch } from '../infrastructure/switch'
import { useOpenInstance } from '../instances/open'
import { useInstances } from './live'
import { instanceWord } from './status'

export function CommandPalette() {
  const [, navigate] = useLocation()
  const { data } = useInstances()
  const open = useOpenInstance()
  const infrastructure = useInfrastructureSwitch()
  const icon = { size: 18, stroke: 1.7 }
  const groups: SpotlightActionGroupData[] = [
    {
      group: 'Instances',
      actions: (data?.instances ?? []).map(it => ({
        id: `instance-${it.name}`, label: it.name, description: `${instanceWord[it.status]} · ${it.url}`, keywords: `port ${it.port}`,
        leftSection: <IconExternalLink {...icon} />, onClick: () => (it.status === 'online' ? open(it.url) : navigate('/instances')),
      })),
    },
    {
      group: 'Actions',
      actions: [
        { id: 'create', label: 'New instance', leftSection: <IconPlus {...icon} />, onClick: () => navigate('/create') },
        ...(infrastructure.canStart ? [{ id: 'start', label: 'Start the infrastructure', leftSection: <IconPlayerPlay {...icon} />, onClick: infrastructure.start }] : []),
        ...(infrastructure.canStop ? [{ id: 'stop', label: 'Stop the infrastructure…', leftSection: <IconPlayerStop {...icon} />, onClick: infrastructure.stop }] : []),
      ],
    },
    {
      group: 'Go to',
      actions: [
        { id: 'go-instances', label: 'Instances', leftSection: <IconLayoutGrid {...icon} />, onClick: () => navigate('/instances') },
        { id: 'go-infrastructure', label: 'Infrastructure', leftSection: <IconDatabase {...icon} />, onClick: () => navigate('/infrastructure') },
        { id: 'go-activity', label: 'Activity', leftSection: <IconActivity {...icon} />, onClick: () => navigate('/activity') },
        { id: 'go-settings', label: 'Settings', leftSection: <IconSettings {...icon} />, onClick: () => navigate('/settings') },
      ],
    },
  ]
  return (
    <Spotlight
      actions={groups.filter(it => it.actions.length)} shortcut="mod + K" highlightQuery limit={12} scrollable maxHeight={420}
      nothingFound="Nothing is called that." attributes={{ content: { 'aria-label': 'Find' } }} scrollAreaProps={{ viewportProps: { tabIndex: 0 } }}
      searchProps={{ leftSection: <IconSearch size={18} aria-hidden />, placeholder: 'Find an instance or an action', 'aria-label': 'Find an instance or an action' }}
    />
  )
}
