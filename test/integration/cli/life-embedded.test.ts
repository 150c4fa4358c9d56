import { describe } from 'vitest'
import { lifeSuite } from './life'

describe('with the embedded driver', () => {
  lifeSuite({ driver: 'embedded' })
})
