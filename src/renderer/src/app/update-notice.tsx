/** Tells that another version is installed, or available, until it is dismissed. */
import { IconCircleArrowUp } from '@tabler/icons-react'
import { useState } from 'react'
import { updateHint, updateTitle } from '../../../shared/update'
import { Banner } from '../instances/banner'
import { useUpdate } from './live'
import { Hint } from './problem'

export function UpdateNotice() {
  const update = useUpdate()
  const [dismissed, setDismissed] = useState<string>()
  if (!update || updateTitle(update) === dismissed) return null
  return (
    <Banner
      tone="info"
      icon={<IconCircleArrowUp size={20} aria-hidden />}
      text={updateTitle(update)}
      detail={<Hint text={updateHint(update)} />}
      onDismiss={() => setDismissed(updateTitle(update))}
    />
  )
}
