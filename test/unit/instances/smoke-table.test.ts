/** The director's table, found in a Prisma schema. */
import { expect, it } from 'vitest'
import { tableOf } from '../../../src/main/instances/smoke/table'

const schema = `
/// model user { }
model Account {
  id Int @id @map("@@map(\\"x\\")")
  @@map("accounts")
}

model User {
  id    Int    @id
  email String @map("mail")
}
model SchoolUser {
  id Int @id

  @@map(name: "school \\u00fcsers")
  @@schema("school")
}
`
it.each([
  ['user', '"User"'],
  ['account', '"accounts"'],
  ['schoolUser', '"school"."school \\u00fcsers"'],
  ['User', undefined],
  ['other', undefined],
])('%s', (model, table) => {
  expect(tableOf(schema, model)).toBe(table)
})
