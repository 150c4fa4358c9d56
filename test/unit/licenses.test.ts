import { describe, expect, it } from 'vitest'
// @ts-expect-error a script without types
import { installed, unfit } from '../../scripts/lib/licenses.mjs'

interface Package {
  readonly name: string
  readonly version: string
  readonly license?: string
  readonly text: string
}
const packages = (installed as () => Package[])()
const refused = unfit as (these: readonly Package[]) => string[]

describe('what an installation contains', () => {
  it('may be shipped', () => {
    expect(packages.length).toBeGreaterThan(50)
    expect(refused(packages)).toEqual([])
  })

  it('has PM2 as the only package that is not permissive', () => {
    expect(
      refused([
        { name: 'other', version: '1.0.0', license: 'AGPL-3.0', text: '' },
        { name: 'silent', version: '2.0.0', text: '' },
      ]),
    ).toEqual(['other 1.0.0: AGPL-3.0', 'silent 2.0.0: no licence stated'])
  })

  it('has no compiler', () => {
    expect(packages.map(it => it.name)).not.toContain('typescript')
  })
})
