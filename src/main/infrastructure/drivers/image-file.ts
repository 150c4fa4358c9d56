/** Files made by `docker save` or `podman save`, for machines that reach no registry. */
import { basename } from 'node:path'
import { z } from 'zod'
import { problem, ProblemError } from '../../../shared/problem'
import type { Run } from '../../system/run'

const manifestSchema = z.array(z.object({ Config: z.string(), RepoTags: z.array(z.string()).nullish() })).min(1)
const configSchema = z.object({ architecture: z.string(), os: z.string() })

/** As Docker names processors. */
const architectures: Readonly<Record<string, string>> = { x64: 'amd64', arm64: 'arm64' }

/**
 * The names of those wanted images that the file holds. It is only read, not unpacked.
 * @param wanted names as in the settings @throws Problem `image-file` if there is none, or one can't run here
 */
export async function wantedIn(
  file: string,
  wanted: readonly string[],
  run: Run,
  signal?: AbortSignal,
): Promise<readonly string[]> {
  const unusable = (cause: string, details?: string): ProblemError =>
    problem({
      code: 'image-file',
      message: `${basename(file)} wasn’t loaded.`,
      cause,
      hint: `Save the image where it can be pulled, for this machine’s processor: “docker save --output FILE ${wanted[0] ?? 'IMAGE'}”.`,
      details,
    })
  const member = async (name: string): Promise<unknown> => {
    // A colon in the file's name would otherwise mean another machine.
    const args = ['--force-local', '--extract', '--to-stdout', `--file=${file}`, '--', name]
    try {
      return JSON.parse(await run('tar', args, { timeout: 300_000, signal }))
    } catch (error) {
      signal?.throwIfAborted()
      const details = error instanceof ProblemError ? error.problem.details : undefined
      throw unusable('It wasn’t created by “docker save” or “podman save”.', details)
    }
  }
  const manifest = manifestSchema.safeParse(await member('manifest.json'))
  if (!manifest.success) throw unusable('Its list of images can’t be read.')
  const held = manifest.data.flatMap(({ Config, RepoTags }) =>
    (RepoTags ?? []).map(name => ({ config: Config, image: wanted.find(it => short(it) === short(name)), name })),
  )
  const found = held.filter(it => it.image !== undefined)
  if (found.length === 0)
    throw unusable(
      `It holds ${held.map(it => it.name).join(', ') || 'images without names'}; the settings name ${wanted.join(' and ')}.`,
    )
  const here = architectures[process.arch] ?? process.arch
  for (const { config, name } of found) {
    const { architecture, os } = configSchema
      .catch({ architecture: 'unknown', os: 'linux' })
      .parse(await member(config))
    if (os !== 'linux' || architecture !== here)
      throw unusable(`${name} is for ${os} on ${architecture}; this machine has ${here}.`)
  }
  return [...new Set(found.flatMap(it => it.image ?? []))]
}

/** Docker leaves out where its own images come from. */
const short = (image: string): string => image.replace(/^docker\.io\/(library\/)?/, '')
