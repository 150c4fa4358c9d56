/** Why an image couldn't be pulled, as Podman 4 and 5 and Docker 20 to 28 put it. */
import { expect, it } from 'vitest'
import { pullProblem } from '../../../src/main/infrastructure/drivers/pull-problem'
import { serviceOf } from '../../../src/main/infrastructure/services'
import type { Problem } from '../../../src/shared/problem'

const image = 'docker.io/library/postgres:15-alpine'
const failed = (details: string): Problem => ({
  code: 'command-failed',
  message: '“podman pull” failed.',
  cause: 'It exited with code 125.',
  details: `Trying to pull ${image}...\n${details}\n`,
})
const problemOf = (details: string, name = image) => pullProblem('podman', serviceOf('postgres'), name, failed(details))

it.each([
  [
    'Error: initializing source docker://postgres:15-alpine: pinging container registry registry-1.docker.io: Get "https://registry-1.docker.io/v2/": dial tcp: lookup registry-1.docker.io on 10.0.0.53:53: no such host',
    'docker.io could not be reached.',
    'Its name couldn’t be resolved.',
  ],
  [
    'Error response from daemon: Get "https://registry-1.docker.io/v2/": dial tcp: lookup registry-1.docker.io: Temporary failure in name resolution',
    'docker.io could not be reached.',
    'Its name couldn’t be resolved.',
  ],
  [
    'pinging container registry docker.io: Get "https://docker.io/v2/": dial tcp 127.0.0.1:443: connect: connection refused',
    'docker.io could not be reached.',
    'The connection was refused.',
  ],
  [
    'dial tcp 3.94.224.37:443: connect: network is unreachable',
    'docker.io could not be reached.',
    'There is no route to it.',
  ],
  [
    'Error response from daemon: Get "https://registry-1.docker.io/v2/": net/http: request canceled while waiting for connection (Client.Timeout exceeded while awaiting headers)',
    'docker.io could not be reached.',
    'It didn’t answer in time.',
  ],
  [
    'Get "https://registry-1.docker.io/v2/": dial tcp 3.94.224.37:443: i/o timeout',
    'docker.io could not be reached.',
    'It didn’t answer in time.',
  ],
  [
    'Get "https://registry-1.docker.io/v2/": proxyconnect tcp: dial tcp 10.0.0.1:3128: connect: connection refused',
    'docker.io could not be reached.',
    'The proxy refused or didn’t answer.',
  ],
  [
    'Get "https://registry-1.docker.io/v2/": tls: failed to verify certificate: x509: certificate signed by unknown authority',
    'the connection to docker.io isn’t secure.',
    expect.stringContaining('TLS certificate'),
  ],
  [
    'toomanyrequests: You have reached your unauthenticated pull rate limit. https://www.docker.com/increase-rate-limit',
    'docker.io doesn’t allow more downloads for now.',
    expect.stringContaining('without an account'),
  ],
  [
    'Error: reading manifest 15-alpine in docker.io/library/postgres: manifest unknown',
    'docker.io has no such image.',
    undefined,
  ],
  [
    "Error response from daemon: pull access denied for postgres, repository does not exist or may require 'docker login'",
    'docker.io has no such image, or only for users who log in.',
    undefined,
  ],
  [
    'Error: reading manifest: unauthorized: authentication required',
    'docker.io has no such image, or only for users who log in.',
    undefined,
  ],
  [
    'no matching manifest for linux/arm64/v8 in the manifest list entries',
    'there is no such image for this machine’s processor.',
    undefined,
  ],
])('%s', (details, why, cause) => {
  expect(problemOf(details)).toMatchObject({
    code: 'image-unavailable',
    message: `Podman couldn’t pull ${image}: ${why}`,
    hint: expect.stringMatching(/infra load FILE”\.$/) as string,
    action: 'retry',
  })
  expect(problemOf(details).cause).toEqual(cause)
})

it('what it doesn’t know is shown as it is', () => {
  expect(problemOf('Error: something new')).toMatchObject({
    message: `Podman couldn’t pull ${image}.`,
    cause: 'Error: something new',
  })
})

it('names the registry of the image, Docker’s by default, and the setting', () => {
  const refused = 'connect: connection refused'
  expect(problemOf(refused, 'registry.school.example:5000/postgres:15').message).toContain(
    'registry.school.example:5000 could not be reached.',
  )
  expect(problemOf(refused, 'postgres:15').message).toContain(': docker.io could')
  expect(problemOf(refused, 'ada/postgres:15').message).toContain(': docker.io could')
  const short = problemOf('Error: short-name "postgres:15" did not resolve to an alias', 'postgres:15')
  expect(short.hint).toContain('(containers.postgresImage)')
})
