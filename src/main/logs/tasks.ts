/** Performs log tasks. Everything that reads a log goes through here. */
import { countMatches } from './count'
import { findMatch } from './find'
import { followLog } from './follow'
import { Inflated, type Touch } from './inflate'
import { steadily, type LogTask } from './open'
import { readPage } from './pages'
import { logText } from './text'

/** Milliseconds after which a page with a sparse filter is returned with what was found so far. */
const pagePatience = 1500

/** Yields what the router's procedure of the same name does. */
export async function* perform(task: LogTask, touch: Touch): AsyncGenerator<unknown, void, undefined> {
  const inflated = new Inflated(task.view.cache, touch)
  switch (task.type) {
    case 'page': {
      yield await steadily(task.view, inflated, touch, pagePatience, streams =>
        readPage(streams, task.anchor, task.count),
      )
      return
    }
    case 'find': {
      yield await findMatch(task.view, task.from, task.direction, inflated, touch)
      return
    }
    case 'count':
      return yield* countMatches(task.view, task.until, inflated, touch)
    case 'follow':
      return yield* followLog(task, inflated, touch)
    case 'text':
      return yield* logText(task, inflated, touch)
  }
}
