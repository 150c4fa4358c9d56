/**
 * Who owns the objects in a database, and who may do what with them: SQL whose results are the same in every version of
 * PostgreSQL.
 */

/** Schemas that belong to PostgreSQL, to our set-up or to one session, as a condition on `nspname`. */
export const ours = "nspname IN ('pg_catalog', 'information_schema', 'pgbouncer') OR nspname ~ '^pg_(toast|temp)'"

/** All catalogs of objects with an owner, except large objects (there can be millions), the prefix of their columns and, if there are rights, `acldefault`’s letter. */
const catalogs: readonly (readonly [catalog: string, prefix: string, letter?: string, condition?: string])[] = [
  ['pg_class', 'rel', "CASE relkind WHEN 'S' THEN 's' ELSE 'r' END", "relkind IN ('r', 'p', 'v', 'm', 'S', 'f')"],
  [
    'pg_type',
    'typ',
    "'T'",
    // neither arrays nor tables' rows
    "typcategory <> 'A' AND (typrelid = 0 OR EXISTS (SELECT FROM pg_class WHERE pg_class.oid = typrelid AND relkind = 'c'))",
  ],
  ['pg_proc', 'pro', "'f'"],
  ['pg_namespace', 'nsp', "'n'"],
  ['pg_language', 'lan', "'l'"],
  ['pg_foreign_data_wrapper', 'fdw', "'F'"],
  ['pg_foreign_server', 'srv', "'S'"],
  ['pg_operator', 'opr'],
  ['pg_opclass', 'opc'],
  ['pg_opfamily', 'opf'],
  ['pg_collation', 'coll'],
  ['pg_conversion', 'con'],
  ['pg_ts_dict', 'dict'],
  ['pg_ts_config', 'cfg'],
  ['pg_statistic_ext', 'stx'],
  ['pg_publication', 'pub'],
  ['pg_event_trigger', 'evt'],
]

/** `public` belongs to the database's owner as pg_database_owner (6171); before PostgreSQL 15, to the first superuser (10). */
const who = (role: string, object = '0'): string =>
  `CASE WHEN ${role} = 0 THEN 'PUBLIC'
    WHEN ${role} IN (6171, (SELECT datdba FROM pg_database WHERE datname = current_database())) OR (${role} = 10 AND ${object} = 2200) THEN '(owner)'
    ELSE quote_ident(pg_get_userbyid(${role})) END`

/** MAINTAIN is new in PostgreSQL 17, where “all rights” include it. */
const rights = (acl: string, object?: string): string =>
  `(SELECT coalesce(string_agg(it, ', ' ORDER BY it), 'none') FROM (
    SELECT format('%s%s to %s by %s', privilege_type, CASE WHEN is_grantable THEN ' with grant option' END, ${who('grantee', object)}, ${who('grantor', object)}) COLLATE "C" AS it
    FROM aclexplode(${acl}) WHERE privilege_type <> 'MAINTAIN') AS each)`

/**
 * What was created after the database, `public`, and PostgreSQL's own objects whose rights were changed. `what`: e.g.
 * `table public.users`.
 */
const objects = `
  (SELECT class, object, type, identity, format('%s %s', type, identity) AS what, coalesce(schema, CASE WHEN type = 'schema' THEN name END) AS nspname,
    ${who('owner', 'object')} AS owner, ${rights('coalesce(acl, acldefault(letter, owner))', 'object')} AS rights, ${rights('coalesce(initprivs, acldefault(letter, owner))')} AS initial
  FROM (${catalogs
    .map(
      ([catalog, prefix, letter, condition = 'true']) => `
    SELECT '${catalog}'::regclass::oid AS class, oid AS object, ${prefix}owner AS owner,
      ${letter ? `${prefix}acl` : 'NULL::aclitem[]'} AS acl, (${letter ?? 'NULL'})::"char" AS letter FROM ${catalog} WHERE ${condition}`,
    )
    .join(' UNION ALL ')}) AS owned
  LEFT JOIN pg_init_privs ON classoid = class AND objoid = object AND objsubid = 0
  CROSS JOIN pg_identify_object(class, object, 0)
  WHERE (object >= 16384 OR object = 2200 OR acl IS DISTINCT FROM initprivs)
    AND NOT EXISTS (SELECT FROM pg_depend WHERE classid = class AND objid = object AND deptype = 'e')) AS objects
  WHERE CASE WHEN object >= 16384 OR object = 2200 THEN NOT coalesce(${ours}, false) ELSE nspname = 'pg_catalog' AND rights <> initial END`

export interface OthersObject {
  /** In words. */
  readonly what: string
  /** As an SQL identifier. */
  readonly database: string
  /** SQL that gives it to the database's owner; null if that can't own it, or it isn't that simple. */
  readonly fix: string | null
}

/** A sequence of a column always has the owner of its table. */
const ofColumn =
  "type = 'sequence' AND EXISTS (SELECT FROM pg_depend WHERE classid = class AND objid = object AND deptype IN ('a', 'i'))"

/** What would lose its owner or its rights if the database's owner restored it: rows of `OthersObject`. */
export const othersObjects = `
  SELECT CASE WHEN created THEN format('the %s in the database %s, which belongs to %s', what, current_database(), owner)
      ELSE format('changed rights on the %s in the database %s', what, current_database()) END AS what,
    quote_ident(current_database()) AS database,
    CASE WHEN created AND type NOT IN ('event trigger', 'foreign-data wrapper', 'language') THEN
      format('ALTER %s %s OWNER TO %I;', CASE type WHEN 'statistics object' THEN 'STATISTICS' ELSE upper(type) END, identity,
        (SELECT pg_get_userbyid(datdba) FROM pg_database WHERE datname = current_database())) END AS fix
    FROM (SELECT *, object >= 16384 OR object = 2200 AS created FROM ${objects} AND owner <> '(owner)') AS others WHERE NOT (${ofColumn})
  UNION SELECT format('large objects in the database %s, which belong to %s', current_database(), ${who('lomowner')}),
      quote_ident(current_database()), NULL FROM pg_largeobject_metadata WHERE ${who('lomowner')} <> '(owner)'
  ORDER BY 1 LIMIT 20`

/** Owners, rights, default rights and row security: rows of `what`, e.g. `rights on table public.users`, and `value`. */
export const access = `
  SELECT what, value FROM (
  WITH objects AS MATERIALIZED (SELECT * FROM ${objects})
  SELECT 'owner of ' || what AS what, owner AS value FROM objects
  UNION ALL SELECT 'rights on ' || what, rights FROM objects
  UNION ALL SELECT 'owners and rights of large objects', string_agg(it, '; ' ORDER BY it) FROM (
    SELECT format('%s of %s: %s', count(*), owner, rights) COLLATE "C" AS it FROM (
      SELECT ${who('lomowner')} AS owner, ${rights("coalesce(lomacl, acldefault('L', lomowner))")} AS rights FROM pg_largeobject_metadata) AS large
    GROUP BY owner, rights) AS groups
  UNION ALL SELECT format('rights on column %I.%I.%I', nspname, relname, attname), ${rights('attacl')} FROM pg_attribute
    JOIN pg_class ON pg_class.oid = attrelid JOIN pg_namespace ON pg_namespace.oid = relnamespace WHERE attacl IS NOT NULL AND NOT (${ours})
  UNION ALL SELECT format('default rights of %s on %s in %s', ${who('defaclrole')}, defaclobjtype, defaclnamespace::regnamespace), ${rights('defaclacl')} FROM pg_default_acl
  UNION ALL SELECT format('row security of %I.%I', nspname, relname), format('enabled %s, forced %s', relrowsecurity, relforcerowsecurity)
    FROM pg_class JOIN pg_namespace ON pg_namespace.oid = relnamespace WHERE relrowsecurity OR relforcerowsecurity
  UNION ALL SELECT format('policy %I on %s', polname, polrelid::regclass), format('for %s, permissive %s, to %s', polcmd, polpermissive,
    ARRAY(SELECT ${who('role')} COLLATE "C" AS it FROM unnest(polroles) AS role ORDER BY it)) FROM pg_policy) AS found ORDER BY what COLLATE "C"`
