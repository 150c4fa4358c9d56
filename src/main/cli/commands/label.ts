/** `label`: an instance's tags and notes. */
import type { Result, CommandSession } from '../session'
import { cleanLine } from '../print/clean'
import { pairs } from '../print/table'
import { refused } from '../failure'

export interface LabelOptions {
  readonly tag?: readonly string[]
  readonly untag?: readonly string[]
  readonly notes?: string
  readonly favourite?: boolean
  readonly protect?: boolean
}

/** Without options, shows them. */
export async function label(session: CommandSession, name: string, options: LabelOptions): Promise<Result> {
  const { tag = [], untag = [], notes, favourite, protect } = options
  const changes =
    tag.length + untag.length > 0 || notes !== undefined || favourite !== undefined || protect !== undefined
  const { client } = await session.engine(changes ? 'change' : 'look')
  const found = async () => (await client.instances.list.query()).instances.find(it => it.name === name)
  if (changes) {
    const removed = new Set(untag.map(it => it.toLowerCase()))
    const kept = ((await found())?.tags ?? []).filter(it => !removed.has(it.toLowerCase()))
    await client.instances.setLabels.mutate({
      name,
      ...(tag.length + untag.length > 0 && { tags: [...kept, ...tag] }),
      notes,
      favourite,
      protected: protect,
    })
  }
  const [view, details] = await Promise.all([found(), client.instances.details.query({ name })])
  if (!view) throw refused({ code: 'instance-unknown', message: `There is no instance “${name}”.` })
  const data = {
    tags: view.tags ?? [],
    notes: details.notes,
    favourite: view.favourite === true,
    protected: view.protected === true,
  }
  return {
    data,
    lines: pairs(
      [
        ['Tags', cleanLine(data.tags.join(', ')) || '-'],
        ['Favourite', data.favourite ? 'yes' : 'no'],
        ['Protected', data.protected ? 'yes' : 'no'],
        ['Notes', data.notes === undefined ? '-' : cleanLine(data.notes)],
      ],
      it => session.out.paint('dim', it),
    ),
  }
}
