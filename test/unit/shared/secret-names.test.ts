import { expect, test } from 'vitest'
import { isHarmlessName, isSecretName, maskSecrets, passwordsInUrl } from '../../../src/shared/secret-names'

const secret = [
  'JWT_SECRET',
  'DB_PASSWORD',
  'DB_PASS',
  'SMTP_PWD',
  'GITHUB_TOKEN',
  'apiKey',
  'S3_ACCESS_KEY',
  'privateKey',
  'STRIPE_KEY',
  'GOOGLE_CREDENTIALS',
  'HASH_SALT',
  'COOKIE_NAME',
]
const other = ['PORT', 'HOST', 'NODE_ENV', 'KEYBOARD', 'MONKEYS', 'PUBLIC_URL']

test.each([...secret, 'KEY'])('%s is a secret, and never shown as harmless', name => {
  expect(isSecretName(name)).toBe(true)
  expect(isHarmlessName(name)).toBe(false)
})
test.each(other)('%s is none', name => expect(isSecretName(name)).toBe(false))

test('what is shown as harmless is no secret by its name; what is unknown is not shown', () => {
  const harmless = ['PORT', 'HOST', 'NODE_ENV', 'INSTANCE_NAME', 'TZ', 'LOG_LEVEL', 'S3_REGION', 'EMAIL_USER']
  expect(harmless.filter(it => !isHarmlessName(it) || isSecretName(it))).toEqual([])
  expect(['DATABASE_URL', 'WHATEVER', 'port'].filter(isHarmlessName)).toEqual([])
})

// The same list, whether a value stands in a `.env` or in what an application says.
test.each(secret)('what is assigned to %s is masked in any notation', name => {
  for (const text of [`${name}=hunter2`, `${name}: 'hunter2'`, `{"${name}":"hunter2"}`, `${name} = hunter2; next`])
    expect(maskSecrets(text)).not.toContain('hunter2')
})
test.each(other)('what is assigned to %s stays', name => expect(maskSecrets(`${name}=5`)).toBe(`${name}=5`))

test.each([
  ['postgresql://user:p@ss:w/rd@localhost:5432/db', 'postgresql://user:***@localhost:5432/db'],
  ['see http://localhost:5000/ and mail a:b@c.org', 'see http://localhost:5000/ and mail a:b@c.org'],
  ['JWT_SECRET=abc123 PORT=5000', 'JWT_SECRET=*** PORT=5000'],
  ['{ password: "a b\'c", user: "x" }', '{ password: ***, user: "x" }'],
  ['"apiKey": \'k\', "token":"t"', '"apiKey": ***, "token":***'],
  ['DB_PASSWORD = hunter2; next', 'DB_PASSWORD = ***; next'],
  ['the password is wrong', 'the password is wrong'],
  ['duplicate key: "email"', 'duplicate key: "email"'],
])('masks %s', (text, masked) => expect(maskSecrets(text)).toBe(masked))

test('a URL’s password, as it stands there and decoded', () => {
  expect(passwordsInUrl('postgresql://u:p%40ss@host/db')).toEqual(['p%40ss', 'p@ss'])
  expect(passwordsInUrl('postgresql://u:p%@ss@host/db')).toEqual(['p%@ss'])
  expect(passwordsInUrl('http://host:5000/')).toEqual([])
})
