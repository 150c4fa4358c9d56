/** Copies a text and confirms it, also to screen readers. */
import { ActionIcon, Button, CopyButton as Copy, Tooltip } from '@mantine/core'
import { IconCheck, IconCopy } from '@tabler/icons-react'

/** @param label what is copied, e.g. "password"; the button is then named "Copy password" */
export function CopyButton({ value, label, word = false }: { value: string; label: string; word?: boolean }) {
  return (
    <Copy value={value} timeout={2000}>
      {({ copied, copy }) => {
        const icon = copied ? <IconCheck size={16} /> : <IconCopy size={16} />
        if (word)
          return (
            <Button
              variant="default"
              size="xs"
              leftSection={icon}
              onClick={copy}
              aria-label={copied ? 'Copied' : `Copy ${label}`}
            >
              {copied ? 'Copied' : 'Copy'}
            </Button>
          )
        return (
          <Tooltip label={copied ? 'Copied' : `Copy ${label}`}>
            <ActionIcon
              variant="subtle"
              color="gray"
              onClick={copy}
              aria-label={copied ? 'Copied' : `Copy ${label}`}
              aria-live="polite"
            >
              {icon}
            </ActionIcon>
          </Tooltip>
        )
      }}
    </Copy>
  )
}
