/** Whether an instance's database and role are the ones that follow from its name, and its own alone. */
import { databaseNames, type InstanceConfig } from '../../shared/instance'
import { problem } from '../../shared/problem'
import type { Configs } from './configs'

/**
 * By what the instances' files say.
 * @throws Problem `database-shared`, `database-foreign`
 */
export async function requireOwnDatabase(
  services: { readonly configs: () => Promise<Configs> },
  { name, database }: InstanceConfig,
): Promise<void> {
  const { configs, taken } = await services.configs()
  const names = databaseNames(name)
  const sharing =
    taken.find(it => it !== name && it.toLowerCase() === name.toLowerCase()) ?? // including broken ones
    configs.find(it => it.name !== name && (it.database.name === names.database || it.database.user === names.role))
      ?.name
  if (sharing !== undefined) {
    throw problem({
      code: 'database-shared',
      message: `“${name}” and “${sharing}” use the same database or role: ${names.database}, ${names.role}.`,
      cause: 'The older command line tool allowed names that differ only by case.',
      hint: 'Nothing was changed. Give one of them its own database and role first.',
    })
  }
  if (database.name !== names.database || database.user !== names.role) {
    throw problem({
      code: 'database-foreign',
      message: `The config.json of “${name}” names a database that isn’t its own.`,
      cause: `It says ${database.name}, not ${names.database}.`,
      hint: 'Nothing was changed. Correct config.json first.',
    })
  }
}
