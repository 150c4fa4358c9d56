/** Prisma's SQL taken apart. That real scripts are understood is shown by the schema's integration tests. */
import { expect, test } from 'vitest'
import { parseScript, splitAt } from '../../src/main/schema/script'

test('separators in strings, names, comments, brackets and bodies separate nothing', () => {
  const parts = [
    `INSERT INTO a VALUES ('x;''y', E'\\';', "a"";""b")`,
    'SELECT $$ a; b $$, $t$ ; $x$ ; $t$',
    `CREATE TABLE b (c NUMERIC(10, 2) DEFAULT 1, d TEXT DEFAULT ';')`,
  ]
  expect(splitAt(`-- one; two\n${parts.join(';\n/* ; */')};\n`, ';')).toEqual(parts)
  expect(splitAt(`ADD COLUMN "a,b" DECIMAL(10,2), DROP COLUMN "c" `, ',')).toEqual([
    'ADD COLUMN "a,b" DECIMAL(10,2)',
    'DROP COLUMN "c"',
  ])
})

test('what demands something of rows comes last, in a script without transactions', () => {
  const script = parseScript(`
    -- AlterEnum
    BEGIN;
    CREATE TYPE "Role_new" AS ENUM ('a');
    ALTER TABLE "users" ALTER COLUMN "role" TYPE "Role_new" USING ("role"::text::"Role_new");
    ALTER TYPE "Role" RENAME TO "Role_old";
    ALTER TYPE "Role_new" RENAME TO "Role";
    DROP TYPE "public"."Role_old";
    COMMIT;
    ALTER TYPE "Level" ADD VALUE 'it''s';
    ALTER TABLE "users" DROP COLUMN "old",
    ADD COLUMN     "a ""b""" VARCHAR(20) NOT NULL,
    ADD COLUMN     "level" INTEGER NOT NULL DEFAULT 1,
    ADD COLUMN     "number" SERIAL NOT NULL,
    ALTER COLUMN "id" SET DATA TYPE BIGSERIAL,
    ALTER COLUMN "email" SET NOT NULL,
    ADD CONSTRAINT "users_pkey" PRIMARY KEY ("id");
    CREATE UNIQUE INDEX "u" ON "users"("email");
    ALTER TABLE "s" ADD CONSTRAINT "f" FOREIGN KEY ("x", "y") REFERENCES "users"("a", "b") ON DELETE CASCADE;
    ALTER TABLE "t" ALTER COLUMN "z" SET NOT NULL;`)
  expect(script.structure.map(it => it.enum)).toEqual(['Role', 'Role', 'Role', 'Role', 'Role', 'Level', undefined])
  expect(script.structure[5]?.label).toBe(`it's`)
  expect(script.structure.at(-1)?.sql).toBe(
    'ALTER TABLE "users" DROP COLUMN "old", ADD COLUMN "a ""b""" VARCHAR(20), ADD COLUMN     "level" INTEGER NOT NULL DEFAULT 1, ADD COLUMN     "number" SERIAL NOT NULL, ALTER COLUMN "id" SET DATA TYPE BIGINT',
  )
  expect(script.required).toEqual([
    { table: 'users', column: 'a "b"' },
    { table: 'users', column: 'email' },
    { table: 't', column: 'z' },
  ])
  expect(script.unique).toEqual([
    'ALTER TABLE "users" ADD CONSTRAINT "users_pkey" PRIMARY KEY ("id")',
    'CREATE UNIQUE INDEX "u" ON "users"("email")',
  ])
  expect(script.foreign).toMatchObject([
    { table: 's', columns: ['x', 'y'], parent: 'users', parentColumns: ['a', 'b'] },
  ])
})

test('a constraint is renamed in a statement of its own', () => {
  const sql = 'ALTER TABLE "t" RENAME CONSTRAINT "a" TO "b",\nADD COLUMN "c" INTEGER,\nDROP COLUMN "d";'
  expect(parseScript(sql).structure).toEqual([
    { sql: 'ALTER TABLE "t" RENAME CONSTRAINT "a" TO "b"' },
    { sql: 'ALTER TABLE "t" ADD COLUMN "c" INTEGER, DROP COLUMN "d"' },
  ])
})

test('an empty migration has nothing in it', () => {
  const { structure, required, unique, foreign } = parseScript('-- This is an empty migration.\n\n')
  expect([structure, required, unique, foreign].flat()).toEqual([])
})
