/** The steps that create the database and the director's account in it. */
import type { Context } from '../../operations/operation'
import type { CreatePlan } from '../../../shared/jobs/create'
import { askDirector } from '../director/script'
import { folderOf, type CreateStep } from './step'

export const createDatabase: CreateStep = services => {
  const target = async ({ plan, secret }: Context<CreatePlan>) => ({
    database: plan.database,
    role: plan.role,
    token: plan.token,
    password: await secret('database'),
  })
  return {
    do: async context => services.databases.create(await target(context)),
    verify: async context => services.databases.verify(await target(context)),
    undo: ({ plan }) => services.databases.drop(plan),
  }
}

/** Creates the account through the instance's own Prisma client. Dropping the database undoes it. */
export const createDirector: CreateStep = services => {
  const scene = async ({ plan, signal, secret }: Context<CreatePlan>) => {
    const passwordHash = await secret('director-hash')
    return {
      place: { ...folderOf(services, plan), signal, secrets: [passwordHash, await secret('database')] },
      director: plan.manifest.director,
      account: { ...plan.director, passwordHash },
    }
  }
  return {
    do: async context => {
      const { place, director, account } = await scene(context)
      await askDirector(services, place, director, 'add', account)
    },
    verify: async context => {
      const { place, director, account } = await scene(context)
      return (await askDirector(services, place, director, 'find', account)).exists === true
    },
  }
}
