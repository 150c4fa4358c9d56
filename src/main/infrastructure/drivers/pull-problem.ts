/** Why an image couldn't be pulled, from what Podman or Docker printed. */
import { driverTitle } from '../../../shared/infrastructure'
import type { Problem } from '../../../shared/problem'
import type { Service } from '../services/service'
import type { EngineKind } from './engine-problems'

interface Reason {
  /** How the engines, and Go's network library in them, put it. */
  readonly says: RegExp
  /** Completes “Podman couldn’t pull IMAGE: …”. `REGISTRY` is replaced. */
  readonly what: string
  readonly cause?: string
  /** What to do besides trying again; by default, about the connection. */
  readonly hint?: string
}

const unreachable = 'REGISTRY could not be reached.'

/** The first that applies. A proxy's problem comes before the network's, and a limit before a refused login. */
const reasons: readonly Reason[] = [
  {
    says: /toomanyrequests|too many requests|rate limit/i,
    what: 'REGISTRY doesn’t allow more downloads for now.',
    cause: 'It limits how many images can be pulled without an account, per address.',
    hint: 'Try again in a few hours, or log in to REGISTRY with “ENGINE login”.',
  },
  {
    says: /manifest unknown|manifest for .* not found|name unknown|repository .*not found/i,
    what: 'REGISTRY has no such image.',
    hint: 'Correct its name in the settings (SETTING).',
  },
  {
    says: /no matching manifest|no image found in (image index|manifest list)/i,
    what: 'there is no such image for this machine’s processor.',
    hint: 'Name another image in the settings (SETTING).',
  },
  {
    says: /short-name .* did not resolve/i,
    what: 'its name doesn’t say which registry has it.',
    hint: 'Give its full name in the settings (SETTING), e.g. docker.io/library/postgres:15-alpine.',
  },
  {
    says: /unauthorized|authentication required|pull access denied|access to the resource is denied/i,
    what: 'REGISTRY has no such image, or only for users who log in.',
    hint: 'Check its name in the settings (SETTING), or log in to REGISTRY with “ENGINE login”.',
  },
  { says: /proxyconnect|proxy authentication/i, what: unreachable, cause: 'The proxy refused or didn’t answer.' },
  {
    says: /x509|certificate|tls: |HTTP response to HTTPS client/i,
    what: 'the connection to REGISTRY isn’t secure.',
    cause: 'Its TLS certificate wasn’t accepted. A proxy that inspects connections may have replaced it.',
  },
  {
    says: /no such host|server misbehaving|temporary failure in name resolution|name or service not known/i,
    what: unreachable,
    cause: 'Its name couldn’t be resolved.',
  },
  { says: /connection refused/i, what: unreachable, cause: 'The connection was refused.' },
  { says: /network is unreachable|no route to host/i, what: unreachable, cause: 'There is no route to it.' },
  {
    says: /i\/o timeout|deadline exceeded|Client\.Timeout|timed out|timeout/i,
    what: unreachable,
    cause: 'It didn’t answer in time.',
  },
  { says: /connection reset|\bEOF\b/, what: unreachable, cause: 'The connection was interrupted.' },
]

/** @param failed the Problem of the engine's `pull` */
export function pullProblem(kind: EngineKind, { name }: Service, image: string, failed: Problem): Problem {
  const { code, details = '' } = failed
  const found = reasons.find(it => it.says.test(code === 'command-timeout' ? 'timeout' : details))
  const filled = (text: string): string =>
    text
      .replaceAll('REGISTRY', () => registryOf(image))
      .replaceAll('ENGINE', kind)
      .replaceAll('SETTING', `containers.${name}Image`)
  return {
    code: 'image-unavailable',
    message: `${driverTitle[kind]} couldn’t pull ${image}${found ? `: ${filled(found.what)}` : '.'}`,
    cause: found ? found.cause : (details.trimEnd().split('\n').at(-1) ?? failed.cause),
    hint: `${filled(found?.hint ?? 'Check this machine’s connection.')} Or load the image from a file: “instance-manager infra load FILE”.`,
    action: 'retry',
    image,
    details: failed.details,
  }
}

/** By Docker's rule: the first part of the name, if it looks like a host. */
function registryOf(image: string): string {
  const [first = '', ...rest] = image.split('/')
  return rest.length > 0 && /[.:]|^localhost$/.test(first) ? first : 'docker.io'
}
