import { describe, expect, it } from 'vitest'
import type { InstanceView } from '../../src/shared/instance'
import { creationTemplate, parseCreations } from '../../src/shared/creation-list'
import { instancesCsv } from '../../src/shared/instances-csv'

const rows = (text: string) => {
  const list = parseCreations(text)
  if ('fault' in list) throw new Error(list.fault)
  return list.rows
}
const faults = (text: string) => rows(text).map(it => it.faults)

describe('a list of instances to create', () => {
  it('may be a spreadsheet’s: other separators, titles and line ends, a byte order mark, empty lines', () => {
    const [one, two, ...more] = rows(
      '\uFEFFDirector_Name;Director Email;INSTANCE;port\r\n"Ada; ""L""";a@b.example;one;\r\n\r\nÄda;a@c.example; two ; 5001\r\n',
    )
    expect(one?.input).toMatchObject({
      name: 'one',
      port: 'auto',
      director: { name: 'Ada; "L"', email: 'a@b.example' },
    })
    expect(one?.input?.director.password).toMatch(/^\w{24}$/)
    expect(two?.input).toMatchObject({ name: 'two', port: 5001, director: { name: 'Äda' } })
    expect(two?.input?.director.password).not.toBe(one?.input?.director.password)
    expect(more).toEqual([])
  })

  it('the template is right', () => {
    expect(faults(creationTemplate)).toEqual([{}, {}])
    expect(rows(creationTemplate)[1]?.input?.director.password).toBe('a long password')
  })

  it('says what is wrong, by row and column', () => {
    const list = 'name,port,director,email,password\n'
    expect(faults(`${list}a b,abc,,none,short`)).toEqual([
      {
        name: 'Use letters, digits, hyphens and underscores, starting with a letter or digit.',
        port: 'Not a port (1024–65535).',
        director: 'Enter the director’s name.',
        email: 'Not a valid email address.',
        password: 'At least 10 characters.',
      },
    ])
    expect(faults(`${list}one,5001,A,a@b.example,\nONE,5001,A,a@b.example,`)).toEqual([
      { name: 'Row 2 has the same name.', port: 'Row 2 has the same port.' },
      { name: 'Row 1 has the same name.', port: 'Row 1 has the same port.' },
    ])
    const [torn] = rows(`${list}one,,A,a@b.example`)
    expect(torn?.input).toBeUndefined()
    expect(torn?.faults.name).toContain('Too many or too few values')
  })

  it.each([
    ['', 'Missing: name, director, email'],
    ['name;port', 'Missing: director, email'],
    ['name,director,email,uploads\na,b,c,d', '“uploads” isn’t a column'],
    ['name,director,email', 'no instances'],
    [`name,director,email\n${'a,b,c\n'.repeat(1001)}`, 'At most 1000'],
  ])('no list: %.40s', (text, fault) => {
    expect(parseCreations(text)).toEqual({ fault: expect.stringContaining(fault) as string })
  })
})

it('the list as a CSV file has nothing that a spreadsheet would compute', () => {
  const it = { name: '=1+1', status: 'online', port: 5000, url: 'http://a, "b"', startedAt: 0, outdated: true }
  const [titles, row] = instancesCsv([it as InstanceView]).split('\n')
  expect(titles).toMatch(/^name,status,port,address,/)
  expect(row).toMatch(/^"'=1\+1",online,5000,"http:\/\/a, ""b""",.*,1970-01-01T00:00:00.000Z,.*,yes$/)
})
