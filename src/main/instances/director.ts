/** Changes a director's account: a lost password, a new name or email address. The application need not run. */
import { hash } from 'bcrypt'
import type { z } from 'zod'
import { directorJob, type DirectorPlan } from '../../shared/jobs/director'
import { problem } from '../../shared/problem'
import type { Manifest } from '../../shared/workspace'
import { implement } from '../operations/implement'
import type { AnyOperation, Context } from '../operations/operation'
import { readIfExists } from '../system/files'
import { readManifest } from '../workspace/base'
import { formsOf, secretsInEnv } from '../workspace/known-secrets'
import { instancePaths } from '../workspace/paths'
import { bcryptRounds, directorPassword, requireInfrastructure } from './create/plan'
import {
  askDirector,
  type Account,
  type AccountChange,
  type DirectorPlace,
  type DirectorServices,
} from './director/script'
import { targetContradiction } from './lifecycle/derived'
import { findOwn, type LifecycleServices } from './lifecycle/target'
import { runAs } from './system-user/identity'

type Services = LifecycleServices & DirectorServices & Parameters<typeof requireInfrastructure>[0]

export const directorChange = (services: Services): AnyOperation => {
  const ask = async (action: 'change' | 'has-changed', { plan, signal, secret }: Context<DirectorPlan>) => {
    const passwordHash = plan.password ? await secret('director-hash') : undefined
    const change: AccountChange = { account: plan.account, email: plan.email, name: plan.fullName, passwordHash }
    const { director } = await readManifest(services.paths.root)
    const place = await placeOf(services, plan.target.name, signal)
    const secrets = [...place.secrets, ...(passwordHash === undefined ? [] : [passwordHash])]
    return askDirector(services, { ...place, secrets }, director, action, change)
  }
  return implement(directorJob, {
    plan: input => planChange(services, input),
    contradiction: ({ target }, subject) => targetContradiction(services, subject, target),
    ready: async () => {
      await requireInfrastructure(services, 'Start the infrastructure, then retry.')
    },
    secrets: async ({ password }): Promise<Record<string, string>> =>
      password === undefined
        ? {}
        : { 'director-hash': await hash(password, bcryptRounds), [directorPassword]: password },
    shows: directorPassword,
    steps: {
      'change-account': {
        do: async context => {
          await ask('change', context)
        },
        verify: async context => (await ask('has-changed', context)).changed === true,
      },
    },
  })
}

/** @throws Problem `director-same`, `director-choose`, and those of `directors` */
async function planChange(
  services: Services,
  { name, account, email, fullName, password }: z.output<typeof directorJob.input>,
): Promise<DirectorPlan> {
  const { target, manifest } = await findOwn(services, name)
  if (email === undefined && fullName === undefined && password === undefined)
    throw problem({
      code: 'director-same',
      message: 'There is nothing to change.',
      hint: 'Give a new password, name or email address.',
    })
  const chosen = account ?? soleDirector(name, await accountsOf(services, manifest, name))
  return { target, account: chosen, email, fullName, password: password !== undefined }
}

function soleDirector(name: string, accounts: readonly Account[] | undefined): string {
  const [only, ...others] = accounts ?? []
  if (only && others.length === 0) return only.email
  throw problem({
    code: 'director-choose',
    field: 'account',
    message: !accounts
      ? `Instance Manager can’t tell which accounts of “${name}” are directors.`
      : only
        ? `“${name}” has ${accounts.length} directors: ${accounts.map(it => it.email).join(', ')}.`
        : `“${name}” has no director.`,
    cause: accounts ? undefined : 'Its user model has no role.',
    hint: !accounts || only ? 'Choose one by its email address.' : 'Check “director” in instance-manager.json.',
  })
}

/**
 * The directors' accounts, at most 100, by email address. Undefined if the model has no role to tell them by.
 * @throws as `findOwn` and `askDirector`
 */
export async function directors(
  services: Services,
  name: string,
  signal?: AbortSignal,
): Promise<readonly Account[] | undefined> {
  const { manifest } = await findOwn(services, name)
  return accountsOf(services, manifest, name, signal)
}

async function accountsOf(
  services: Services,
  manifest: Manifest,
  name: string,
  signal?: AbortSignal,
): Promise<readonly Account[] | undefined> {
  const place = await placeOf(services, name, signal)
  return (await askDirector(services, place, manifest.director, 'list', {})).accounts ?? undefined
}

/** The client sends the database's password to whoever listens, so the services must have proved who they are. */
async function placeOf(services: Services, name: string, signal: AbortSignal | undefined): Promise<DirectorPlace> {
  await requireInfrastructure(services, 'Start the infrastructure, then try again.')
  const { paths } = services
  const { server, env } = instancePaths(paths, await readManifest(paths.root), name)
  const secrets = formsOf(secretsInEnv((await readIfExists(env)) ?? ''))
  return { server, env, secrets, signal, user: await runAs(paths, name) }
}
