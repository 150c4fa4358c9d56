/** The workspaces that were opened lately, in the user's own folder of the app. */
import { stat } from 'node:fs/promises'
import { z } from 'zod'
import type { RecentWorkspace } from '../../shared/workspace'
import { readJson, writeJson } from '../system/files'

const schema = z.array(z.object({ path: z.string(), openedAt: z.string() }))
const kept = 10

export class RecentWorkspaces {
  /** @param path a file; its folder exists */
  constructor(private readonly path: string) {}

  /** Newest first, each with whether it is still there. An unreadable file counts as empty: it holds nothing that matters. */
  async list(): Promise<RecentWorkspace[]> {
    return Promise.all((await this.read()).map(async it => ({ ...it, exists: await stat(it.path).then(found => found.isDirectory(), () => false) })))
  }

  async add(path: string): Promise<void> {
    const others = (await this.read()).filter(it => it.path !== path)
    await writeJson(this.path, [{ path, openedAt: new Date().toISOString() }, ...others].slice(0, kept))
  }

  async forget(path: string): Promise<void> {
    await writeJson(this.path, (await this.read()).filter(it => it.path !== path))
  }

  private read(): Promise<z.infer<typeof schema>> {
    return readJson(this.path, schema).then(it => it ?? [], () => [])
  }
}
