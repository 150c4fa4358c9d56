import { expect, test } from 'vitest'
import { scramSecret } from '../../../src/main/infrastructure/scram'

test("the secret of RFC 7677's example", async () => {
  expect(await scramSecret('pencil', Buffer.from('W22ZaJ0SNY7soEsUEjb6gQ==', 'base64'))).toBe(
    'SCRAM-SHA-256$4096:W22ZaJ0SNY7soEsUEjb6gQ==$WG5d8oPm3OtcPnkdi4Uo7BkeZkBFzpcXkuLmtbsT4qY=:wfPLwcE6nTWhTAmQ7tl2KeoiWGPlZqQxSrmfPwDl2dU=',
  )
})

test('each has a salt of its own', async () => {
  expect(await scramSecret('pencil')).not.toBe(await scramSecret('pencil'))
})

test.each(['', 'ä', 'a\nb', 'a\0'])('a password that SASLprep could change is refused: %j', async password => {
  await expect(scramSecret(password)).rejects.toThrow('printable ASCII')
})
