/** Looks up what must be known about PostgreSQL before it is moved. Changes nothing. */
import type { Client } from 'pg'
import type { MovePlan } from '../../../shared/jobs/move'
import { withConnection, type Login } from '../connection'
import { mapLimited } from '../../system/map-limited'
import { othersObjects, type OthersObject } from './access'
import { movedDatabases } from './cluster'
import { uncopiedSettings } from './uncopied-settings'

export interface Unmovable {
  /** In words, e.g. `the replication slot copy`. */
  readonly what: string
  /** What would make it movable, as SQL for this database. Absent if it isn’t that simple. */
  readonly fix?: string
  /** As an SQL identifier. Absent if it isn't in one. */
  readonly database?: string
}

export interface ServerFacts {
  readonly databases: MovePlan['databases']
  readonly unmovable: readonly Unmovable[]
  /** What must be set again by hand afterwards, in words. */
  readonly uncopiedSettings: readonly string[]
}

const unmovable = `
  SELECT format('the tablespace %s', spcname) AS it FROM pg_tablespace WHERE oid >= 16384
  UNION ALL SELECT format('a prepared transaction in %s', database) FROM pg_prepared_xacts
  UNION ALL SELECT format('the replication slot %s', slot_name) FROM pg_replication_slots
  UNION ALL SELECT format('the subscription %s', subname) FROM pg_subscription
  UNION ALL SELECT format('%s, a database of the superuser %s', datname, rolname) FROM pg_database JOIN pg_roles ON pg_roles.oid = datdba
    WHERE ${movedDatabases} AND rolsuper
  UNION ALL SELECT format('%s, a template', datname) FROM pg_database WHERE ${movedDatabases} AND datistemplate
  UNION ALL SELECT format('%s, a database that allows no connections', datname) FROM pg_database
    WHERE ${movedDatabases} AND (NOT datallowconn OR datconnlimit < -1)
  UNION ALL SELECT format('%s, a database with the locale provider %s', datname, to_jsonb(pg_database) ->> 'datlocprovider') FROM pg_database
    WHERE ${movedDatabases} AND to_jsonb(pg_database) ->> 'datlocprovider' <> 'c'
  UNION ALL SELECT format('%s, a member of the superuser %s', pg_get_userbyid(member), pg_get_userbyid(roleid)) FROM pg_auth_members
    JOIN pg_roles AS super ON super.oid = roleid JOIN pg_roles AS its ON its.oid = member WHERE super.rolsuper AND NOT its.rolsuper`

/** Objects that someone created in one of PostgreSQL's own databases. */
const added = `
  SELECT format('%I.%I in the database %s', nspname, relname, current_database()) AS it
  FROM pg_class JOIN pg_namespace ON pg_namespace.oid = relnamespace
  WHERE pg_class.oid >= 16384 AND relkind IN ('r', 'p', 'v', 'm', 'S', 'f') AND nspname !~ '^pg_(toast|temp)'
  UNION ALL SELECT format('%I.%I() in the database %s', nspname, proname, current_database())
  FROM pg_proc JOIN pg_namespace ON pg_namespace.oid = pronamespace WHERE pg_proc.oid >= 16384 AND nspname <> 'pgbouncer'`

/** Databases at a time. */
const atOnce = 4

/** @param admin our role's login to the database `postgres` @throws what `pg` throws */
export async function serverFacts(admin: Login): Promise<ServerFacts> {
  const ask = async <Row extends object>(client: Client, sql: string): Promise<Row[]> =>
    (await client.query<Row>(sql)).rows
  const found = await withConnection(admin, client => ask<{ it: string }>(client, unmovable))
  for (const database of ['postgres', 'template1'])
    found.push(...(await withConnection({ ...admin, database }, client => ask<{ it: string }>(client, added))))
  const databases = await withConnection(admin, client =>
    ask<{ name: string; connections: number; bytes: string; open: boolean }>(
      client,
      `SELECT datname::text AS name, datconnlimit AS connections, pg_database_size(oid) AS bytes,
         datallowconn AND datconnlimit >= -1 AS open
       FROM pg_database WHERE ${movedDatabases} ORDER BY datname`,
    ),
  )
  const others = await mapLimited(
    databases.filter(it => it.open),
    atOnce,
    ({ name }) => withConnection({ ...admin, database: name }, client => ask<OthersObject>(client, othersObjects)),
  )
  return {
    databases: databases.map(({ name, connections, bytes }) => ({ name, connections, bytes: Number(bytes) })),
    uncopiedSettings: await withConnection(admin, client => uncopiedSettings(client, admin.adopted === true)),
    unmovable: [
      ...found.map(({ it }) => ({ what: it })),
      ...others.flat().map(({ fix, ...it }) => ({ ...it, ...(fix !== null && { fix }) })),
    ],
  }
}
