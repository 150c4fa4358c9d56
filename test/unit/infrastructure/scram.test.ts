import { expect, test } from 'vitest'
import { scramSecret, storedAs } from '../../../src/main/infrastructure/scram'

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

test('knows a stored password by its hash, however it is stored', async () => {
  const login = { user: 'school_user', password: 'pencil' }
  const md5 = 'md5560105c566b1be54355cafa4d85625ca' // of “pencilschool_user”
  expect(await storedAs(await scramSecret('pencil'), login)).toBe('scram')
  expect(await storedAs(await scramSecret('pencil', undefined, 8192), login)).toBe('scram')
  expect(await storedAs(await scramSecret('pen'), login)).toBeUndefined()
  expect(await storedAs(md5, login)).toBe('md5')
  expect(await storedAs(md5, { ...login, user: 'other_user' })).toBeUndefined()
  expect(await storedAs(null, login)).toBeUndefined()
  const endless = (await scramSecret('pencil')).replace('$4096:', '$2147483647:')
  expect(await storedAs(endless, login)).toBeUndefined()
})
