import { expect, it } from 'vitest'
import { Sessions } from '../../../src/main/serve/sessions'

const hour = 60 * 60_000
const day = 24 * hour

function withClock() {
  const clock = { now: Date.parse('2026-05-01T08:00:00Z') }
  const ended: string[] = []
  return {
    clock,
    ended,
    sessions: new Sessions(
      id => ended.push(id),
      () => clock.now,
    ),
  }
}

const enter = (sessions: Sessions, browser = ''): string => sessions.open(sessions.link(), browser)?.id ?? ''

it('forgets a link after an hour', () => {
  const { clock, sessions } = withClock()
  const link = sessions.link()
  clock.now += hour + 1
  expect(sessions.open(link, '')).toBeUndefined()
})

it('takes a link once, however many wrong ones came before', () => {
  const { sessions } = withClock()
  const link = sessions.link()
  for (let count = 0; count < 1000; count++) expect(sessions.open(`wrong ${count}`, '')).toBeUndefined()
  expect(sessions.open(link, '')?.key).toMatch(/^[0-9a-f]{64}$/)
  expect(sessions.open(link, '')).toBeUndefined()
})

it('forgets a session that nobody used for a week, but none that is open', () => {
  const { clock, sessions, ended } = withClock()
  const [idle, open] = [enter(sessions), enter(sessions)]
  sessions.connected(open, 1)
  sessions.connected(idle, 1)
  clock.now += 6 * day
  sessions.connected(idle, -1) // the week begins now
  clock.now += 6 * day
  expect(sessions.find(idle)).toBeDefined()
  clock.now += 2 * day
  expect(sessions.find(idle)).toBeUndefined()
  expect(sessions.find(open)?.id).toBe(open)
  expect(ended).toEqual([idle])
})

it('is not kept alive by anyone who only names it', () => {
  const { clock, sessions } = withClock()
  const id = enter(sessions)
  for (let days = 0; days < 7; days++) {
    expect(sessions.find(id)).toBeDefined()
    clock.now += day + 1
  }
  expect(sessions.find(id)).toBeUndefined()
})

it('keeps fifty sessions; the one unused for longest makes room, with its connections, and none that is open', () => {
  const { clock, sessions, ended } = withClock()
  const ids = Array.from({ length: 50 }, (_, index) => {
    clock.now += 1
    return enter(sessions, `browser ${index}`)
  })
  sessions.connected(ids[0] ?? '', 1)
  clock.now += 1
  enter(sessions, 'one more')
  expect(sessions.list()).toHaveLength(50)
  expect(sessions.find(ids[0] ?? '')).toBeDefined()
  expect(sessions.find(ids[1] ?? '')).toBeUndefined()
  expect(ended).toEqual([ids[1]])
})

it('lists what a browser says of itself without control characters and not at any length, and no key', () => {
  const { sessions } = withClock()
  enter(sessions, `Evil\u001b[2J\u0007${'x'.repeat(1000)}`)
  const [listed] = sessions.list()
  expect(listed?.browser).toMatch(/^Evil\[2Jx{1,200}$/)
  expect(Object.keys(listed ?? {}).toSorted()).toEqual(['browser', 'connections', 'id', 'lastSeen', 'since'])
})
