/** A database with much of what a tenant can put into one, to be moved; and what must be the same afterwards. */
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { execa } from 'execa'
import { Client } from 'pg'
import { expect } from 'vitest'
import { readCluster } from '../../src/main/infrastructure/move/cluster'
import { readContent } from '../../src/main/infrastructure/move/content'
import { withConnection } from '../../src/main/infrastructure/connection'
import { workspacePaths } from '../../src/main/workspace/paths'
import { exists } from '../../src/main/system/files'
import { layOut, makeDatabase, type CliInstance } from './cli-instance'
import type { TestWorkspace } from './workspace'

/** Made by the tenant itself. */
const content = `
  CREATE TYPE mood AS ENUM ('sad', 'it''s ok', 'happy');
  CREATE TABLE "Users ""x""" (id serial PRIMARY KEY, name text NOT NULL UNIQUE, mood mood DEFAULT 'happy', born date, score double precision,
    data bytea, settings jsonb, tags text[], twice int GENERATED ALWAYS AS (2) STORED);
  INSERT INTO "Users ""x""" (name, mood, born, score, data, settings, tags)
    SELECT 'user ' || n, 'it''s ok', date '2000-01-01' + n, n / 3.0, decode(md5(n::text), 'hex'), json_build_object('n', n)::jsonb, ARRAY['a,b', NULL, n::text]
    FROM generate_series(1, 2000) AS n;
  DELETE FROM "Users ""x""" WHERE id % 7 = 0;
  CREATE SCHEMA other;
  CREATE TABLE other.notes (user_id int REFERENCES "Users ""x""", text text);
  INSERT INTO other.notes SELECT id, repeat('ä€😀', 100) FROM "Users ""x""" LIMIT 50;
  CREATE INDEX ON other.notes (lower(text));
  CREATE VIEW seen AS SELECT name FROM "Users ""x""";
  CREATE FUNCTION touch() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.name := NEW.name || '!'; RETURN NEW; END $$;
  CREATE TRIGGER touched BEFORE INSERT ON "Users ""x""" FOR EACH ROW EXECUTE FUNCTION touch();
  CREATE TABLE parts (at date, what text) PARTITION BY RANGE (at);
  CREATE TABLE parts_1 PARTITION OF parts FOR VALUES FROM ('2020-01-01') TO ('2021-01-01');
  CREATE MATERIALIZED VIEW counted AS SELECT count(*) AS all FROM parts;
  INSERT INTO parts VALUES ('2020-05-05', 'may');
  ALTER TABLE other.notes ENABLE ROW LEVEL SECURITY;
  ALTER TABLE other.notes FORCE ROW LEVEL SECURITY;
  CREATE POLICY nobody ON other.notes USING (false);
  CREATE EXTENSION pgcrypto;
  SELECT lo_from_bytea(0, 'a large object');
  GRANT SELECT ON parts TO readers WITH GRANT OPTION;
  GRANT UPDATE (name) ON "Users ""x""" TO readers;
  REVOKE EXECUTE ON FUNCTION touch() FROM PUBLIC;
  ALTER DEFAULT PRIVILEGES IN SCHEMA other GRANT SELECT ON TABLES TO readers;
  COMMENT ON TABLE parts IS 'in parts';
`

/** What a hostile tenant prepares for whoever reads or restores its database with more rights than its own. */
const traps = (file: string): string => `
  CREATE FUNCTION public.trap() RETURNS boolean LANGUAGE plpgsql AS $$
    BEGIN
      BEGIN EXECUTE 'RESET ROLE'; EXCEPTION WHEN OTHERS THEN NULL; END;
      BEGIN EXECUTE 'CREATE ROLE trapped_' || pg_backend_pid() || ' SUPERUSER'; EXCEPTION WHEN OTHERS THEN NULL; END;
      -- in a transaction that only reads, too
      BEGIN EXECUTE 'COPY (SELECT session_user) TO ''${file}'''; EXCEPTION WHEN OTHERS THEN NULL; END;
      RETURN true;
    END $$;
  CREATE FUNCTION public.quiet() RETURNS boolean LANGUAGE plpgsql IMMUTABLE AS $$ BEGIN RETURN (SELECT public.trap()); END $$;
  CREATE TABLE public.bait (it text CHECK (public.trap()), made text GENERATED ALWAYS AS (public.quiet()::text) STORED);
  INSERT INTO public.bait VALUES ('x');
  CREATE INDEX ON public.bait ((public.quiet()));
  CREATE FUNCTION public.as_text(public.bait) RETURNS text LANGUAGE plpgsql AS $$ BEGIN PERFORM public.trap(); RETURN 'x'; END $$;
  CREATE CAST (public.bait AS text) WITH FUNCTION public.as_text(public.bait) AS IMPLICIT;
  CREATE FUNCTION public.hash(text, bigint) RETURNS bigint LANGUAGE plpgsql AS $$ BEGIN PERFORM public.trap(); RETURN 0; END $$;
`

export interface Tenant extends CliInstance {
  query<Row extends object>(sql: string, port?: number): Promise<Row[]>
}

/** An instance with a database as above, not running. The workspace is open, its infrastructure up. */
export async function layOutTenant(workspace: TestWorkspace, name: string): Promise<Tenant> {
  const its = await layOut(workspace, name)
  await makeDatabase(workspace, its)
  const query = async <Row extends object>(sql: string, port?: number): Promise<Row[]> => {
    const { ports } = await workspace.services.settings.read()
    const { role: user, password, database } = its
    // A connection may hang if a container's network is just being set up or taken down.
    const limits = { connectionTimeoutMillis: 10_000, query_timeout: 20_000 }
    const client = new Client({ host: '127.0.0.1', port: port ?? ports.pgbouncer, user, password, database, ...limits })
    client.on('error', () => undefined)
    await client.connect()
    try {
      return (await client.query<Row>(sql)).rows
    } finally {
      await client.end()
    }
  }
  const { ports } = await workspace.services.settings.read()
  await workspace.sql('CREATE ROLE readers; CREATE ROLE auditors NOINHERIT; GRANT readers TO auditors')
  await workspace.sql(`GRANT readers TO "${its.role}" WITH ADMIN OPTION`)
  await query(content, ports.postgres)
  await query(traps(trapFile(workspace)), ports.postgres)
  await workspace.sql(`ALTER DATABASE "${its.database}" SET search_path = public, "$user", "a, b"`)
  await workspace.sql(`ALTER ROLE "${its.role}" SET statement_timeout = '90s'`)
  await workspace.sql(`ALTER ROLE "${its.role}" CONNECTION LIMIT 33`)
  await workspace.sql(`COMMENT ON ROLE "${its.role}" IS 'an older mark'`)
  // the next start marks it as ours: a move's does, too
  await workspace.stopInfrastructure()
  await workspace.startInfrastructure()
  return { ...its, query }
}

/** Everything that a move keeps, in the PostgreSQL in use. */
export async function kept({ services }: TestWorkspace) {
  const admin = await services.infrastructure.admin()
  const cluster = await withConnection(admin, readCluster)
  const limits = await withConnection(
    admin,
    async client => (await client.query('SELECT datname, datconnlimit FROM pg_database ORDER BY 1')).rows as unknown[],
  )
  const contents: Record<string, unknown> = {}
  for (const { name } of cluster.databases)
    contents[name] = [...(await readContent({ ...admin, database: name }, new AbortController().signal))]
  return { cluster, contents, limits: limits.filter(it => !JSON.stringify(it).includes('template')) }
}

/** Written by a trap that the embedded PostgreSQL walks into. */
const trapFile = ({ home }: TestWorkspace): string => join(home, 'trapped')

export async function expectNoTrap(workspace: TestWorkspace): Promise<void> {
  const { sql } = workspace
  expect(await exists(trapFile(workspace))).toBe(false)
  const found = await sql(
    "SELECT rolname FROM pg_roles WHERE rolsuper AND rolname NOT IN ('postgres', 'instance_manager')",
  )
  expect(found).toEqual([])
}

/** As a power cut: the workspace may be closed. */
export async function stopContainers({ root }: TestWorkspace): Promise<void> {
  const { containers } = JSON.parse(await readFile(workspacePaths(root).settings, 'utf8')) as {
    containers: Record<'postgres' | 'pgbouncer', string>
  }
  await execa('podman', ['kill', containers.pgbouncer, containers.postgres], { reject: false, input: '' })
}
