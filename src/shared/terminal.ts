/** A shell in an instance's folder, as it crosses the connection to a page. */
import { z } from 'zod'
import { nameSchema } from './instance'

/** In characters. */
export const sizeSchema = z.object({ columns: z.int().min(2).max(1000), rows: z.int().min(1).max(500) })
export type TerminalSize = Readonly<z.infer<typeof sizeSchema>>

export const openShellSchema = sizeSchema.extend({ name: nameSchema })
const shellSchema = z.object({ id: z.uuid() })

/** Characters in one message. */
export const mostTyped = 32_768
export const typeSchema = shellSchema.extend({ text: z.string().max(mostTyped) })
export const resizeSchema = shellSchema.extend(sizeSchema.shape)
/** @see mostUnread */
export const readSchema = shellSchema.extend({ characters: z.int().min(1).max(10_000_000) })

/**
 * Characters that may be on their way to a page: it reports what it has drawn. Beyond that, whatever prints has to
 * wait, as in any terminal.
 */
export const mostUnread = 262_144

export type ShellNews =
  /** `user`: as whom it runs. */
  | { readonly kind: 'opened'; readonly id: string; readonly user: string; readonly folder: string }
  | { readonly kind: 'output'; readonly text: string }
  /** `code`: how the shell exited; absent if a signal ended it. */
  | { readonly kind: 'ended'; readonly code?: number }
