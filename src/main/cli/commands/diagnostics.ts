/** `diagnostics`: what someone who helps needs to know. */
import type { CommandSession, Result } from '../session'

export async function diagnostics(session: CommandSession): Promise<Result> {
  const { client } = await session.engine('look')
  const text = await client.doctor.diagnostics.query()
  return { data: JSON.parse(text) as unknown, lines: text.trimEnd().split('\n') }
}
