import { expect, it } from 'vitest'
import { Sessions } from '../../../src/main/serve/sessions'

const hour = 60 * 60_000
const day = 24 * hour

function withClock() {
  const clock = { now: Date.parse('2026-05-01T08:00:00Z') }
  return { clock, sessions: new Sessions(() => clock.now) }
}

const enter = (sessions: Sessions, browser = ''): string => {
  const answer = sessions.exchange(sessions.link(), browser)
  if (typeof answer === 'string') throw new Error(answer)
  return answer.secret
}

it('forgets a link after an hour', () => {
  const { clock, sessions } = withClock()
  const link = sessions.link()
  clock.now += hour + 1
  expect(sessions.exchange(link, '')).toBe('unknown')
})

it('takes links again a minute after too many wrong ones', () => {
  const { clock, sessions } = withClock()
  for (let count = 0; count < 10; count++) expect(sessions.exchange('wrong', '')).toBe('unknown')
  expect(sessions.exchange(sessions.link(), '')).toBe('wait')
  clock.now += 60_001
  expect(sessions.exchange(sessions.link(), '')).toHaveProperty('secret')
})

it('forgets a session that nobody used for a week, but none that is open', () => {
  const { clock, sessions } = withClock()
  const [idle, open] = [enter(sessions), enter(sessions)]
  const id = sessions.find(open)?.id ?? ''
  sessions.connected(id, 1)
  clock.now += 6 * day
  expect(sessions.find(idle)).toBeDefined() // used: the week begins anew
  clock.now += 8 * day
  expect(sessions.find(idle)).toBeUndefined()
  expect(sessions.find(open)?.id).toBe(id)
})

it('keeps fifty sessions; the one unused for longest makes room', () => {
  const { clock, sessions } = withClock()
  const secrets = Array.from({ length: 50 }, (_, index) => {
    clock.now += 1
    return enter(sessions, `browser ${index}`)
  })
  clock.now += 1
  sessions.find(secrets[0] ?? '')
  enter(sessions, 'one more')
  expect(sessions.list()).toHaveLength(50)
  expect(sessions.find(secrets[0] ?? '')).toBeDefined()
  expect(sessions.find(secrets[1] ?? '')).toBeUndefined()
})

it('tells what a browser says of itself without control characters, and not for ever', () => {
  const { sessions } = withClock()
  enter(sessions, `Evil\u001b[2J\u0007${'x'.repeat(1000)}`)
  expect(sessions.list()[0]?.browser).toMatch(/^Evil\[2Jx{1,200}$/)
})
