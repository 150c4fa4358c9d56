/** The main screens, in the order of the navigation. */
import {
  IconActivity,
  IconDatabase,
  IconFileText,
  IconHeartbeat,
  IconLayoutGrid,
  IconSettings,
} from '@tabler/icons-react'

/** `also`: what else belongs to it. */
export const places = [
  { to: '/instances', word: 'Instances', Icon: IconLayoutGrid, also: ['/create'] },
  { to: '/infrastructure', word: 'Infrastructure', Icon: IconDatabase, also: [] },
  { to: '/health', word: 'Health', Icon: IconHeartbeat, also: [] },
  { to: '/logs', word: 'Logs', Icon: IconFileText, also: [] },
  { to: '/activity', word: 'Activity', Icon: IconActivity, also: ['/operations'] },
  { to: '/settings', word: 'Settings', Icon: IconSettings, also: [] },
] as const
