/** `boot-time`: how long an instance's application may take to answer. */
import { cleanLine } from '../print/clean'
import type { Result, CommandSession } from '../session'

export async function bootTime(
  session: CommandSession,
  name: string,
  seconds: number | 'default' | undefined,
): Promise<Result> {
  const { client } = await session.engine(seconds === undefined ? 'look' : 'change')
  if (seconds !== undefined)
    await client.instances.setBootTime.mutate({ name, seconds: seconds === 'default' ? null : seconds })
  const { boot } = await client.instances.details.query({ name })
  return { data: boot, lines: [`${cleanLine(name)}  ${boot.seconds} s${boot.own ? '' : ', from the manifest'}`] }
}
