/** The button beside the Problem of an image that can't be pulled. */
import { Button } from '@mantine/core'
import type { Problem } from '../../../shared/problem'
import { useInfrastructureSwitch } from './switch'

export function LoadImage({ problem: { image } }: { problem: Problem }) {
  const { canLoadImages, loadImages } = useInfrastructureSwitch({ stay: true })
  if (image === undefined || !canLoadImages) return null
  return (
    <Button size="xs" variant="default" onClick={() => loadImages(image)}>
      Load it from a file…
    </Button>
  )
}
