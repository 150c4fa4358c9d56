/** Changes of a school's schema as people make them, and what becomes of the rows. */
import type { Rename, SchemaClass } from '../../../src/shared/schema'

const head = `
generator client {
  provider   = "prisma-client-js"
  engineType = "client"
}
datasource db {
  provider = "postgresql"
  url      = env("DATABASE_URL")
}
`

export const base = `${head}
enum Role {
  student
  guest
  teacher
  director
}
model User {
  id        Int      @id @default(autoincrement())
  name      String
  email     String   @unique
  phone     String?
  nick      String
  code      String   @unique
  role      Role     @default(student)
  born      DateTime @default(now())
  score     Float?
  age       String
  visits    Int      @default(0)
  mentor    Int?
  createdAt DateTime @default(now()) @map("created_at")
  classes   SchoolClass[]
  samples   Sample[]
  badges    Badge[]
  @@map("users")
}
model SchoolClass {
  id        Int    @id @default(autoincrement())
  name      String @unique
  room      String?
  teacherId Int    @map("teacher_id")
  teacher   User   @relation(fields: [teacherId], references: [id])
  samples   Sample[]
  @@map("school_classes")
}
model Sample {
  id          Int       @id @default(autoincrement())
  name        String
  note        String?
  organism    String
  ownerId     Int
  classId     Int?
  schoolClass SchoolClass? @relation(fields: [classId], references: [id], onDelete: SetNull)
  createdById Int
  createdBy   User      @relation(fields: [createdById], references: [id])
  analysis    Analysis?
  @@index([classId])
  @@map("samples")
}
model Analysis {
  id       Int    @id @default(autoincrement())
  sampleId Int    @unique
  sample   Sample @relation(fields: [sampleId], references: [id], onDelete: Cascade)
  sequence String
  @@map("analyses")
}
model Badge {
  id     Int    @id @default(autoincrement())
  title  String
  userId Int
  user   User   @relation(fields: [userId], references: [id])
  @@map("badges")
}
`

/** Users 41 to 50 have made nothing; of 1 to 40 each has samples. */
export const seed = `
INSERT INTO users (name, email, phone, nick, code, role, born, score, age, visits)
  SELECT 'User ' || n, 'user' || n || '@school.example', CASE WHEN n % 5 > 0 THEN '+49 ' || n END, 'nick ' || n, 'c' || n,
    (ARRAY['student', 'student', 'teacher', 'director'])[n % 4 + 1]::"Role", timestamp '2000-01-01 10:20:30' + n * interval '1 day 1 hour', n + 0.5, n::text, n
  FROM generate_series(1, 50) AS n;
INSERT INTO school_classes (name, room, teacher_id) SELECT 'Class ' || n, CASE WHEN n > 2 THEN 'R' || n END, n FROM generate_series(1, 10) AS n;
INSERT INTO samples (name, note, organism, "ownerId", "classId", "createdById")
  SELECT 'Sample ' || n, CASE WHEN n % 3 = 0 THEN repeat('note', n % 7) END, 'E. coli', CASE WHEN n = 7 THEN 999 ELSE n % 40 + 1 END, CASE WHEN n % 4 > 0 THEN n % 10 + 1 END, n % 40 + 1
  FROM generate_series(1, 300) AS n;
INSERT INTO analyses ("sampleId", sequence) SELECT n, repeat('ACGT', n % 9) FROM generate_series(1, 300) AS n;
INSERT INTO badges (title, "userId") SELECT 'Badge ' || n, n FROM generate_series(1, 50) AS n;
`

export interface Change {
  readonly name: string
  /** In the text of `base`, one after the other. */
  readonly replace: readonly (readonly [string, string])[]
  readonly class: SchemaClass
  readonly renames?: readonly Rename[]
  readonly fix?: string
  /** What the rehearsal says is lost, e.g. `column users.phone 40`. */
  readonly losses?: readonly string[]
  /** SQLSTATE and number of rows. */
  readonly refused?: readonly [code: string, rows: number]
  readonly candidates?: number
  /** What a rollback can't do for rows written meanwhile. */
  readonly limits?: readonly string[]
  /** Of the ten users that are added meanwhile. */
  readonly placeholders?: number
  readonly aside?: number
  /** Done after the change, beside what is done after each. */
  readonly later?: string
  /** What `later` wrote, by `table.key.column`, as the way back leaves it. */
  readonly written?: Readonly<Record<string, string>>
}

/** Those that PostgreSQL accepts, the last after a statement of the operator's own. */
export const accepted: readonly Change[] = [
  {
    name: 'add a nullable column',
    replace: [['  phone     String?\n', '  phone     String?\n  fax       String?\n']],
    later: `UPDATE users SET fax = '1' WHERE id IN (1, 51)`,
    class: 'additive',
    limits: ['Values of the new column `fax` of `users` are kept aside; the old code doesn’t show them.'],
  },
  {
    name: 'add a column with a default',
    replace: [['  mentor    Int?\n', '  mentor    Int?\n  level     Int @default(3)\n']],
    later: `UPDATE users SET level = 7 WHERE id IN (1, 51)`,
    class: 'additive',
    limits: ['Values of the new column `level` of `users` are kept aside; the old code doesn’t show them.'],
  },
  {
    name: 'add a table',
    replace: [
      ['  badges    Badge[]\n', '  badges    Badge[]\n  notes     Note[]\n'],
      [
        'model Badge',
        'model Note {\n  id Int @id @default(autoincrement())\n  text String\n  userId Int\n  user User @relation(fields: [userId], references: [id])\n}\nmodel Badge',
      ],
    ],
    class: 'additive',
    limits: ['Rows of the new table `Note` are kept aside; the old code doesn’t show them.'],
    later: `INSERT INTO "Note" (text, "userId") VALUES ('new', 1)`,
  },
  {
    name: 'drop a unique index (1:1 becomes 1:n)',
    replace: [
      ['  sampleId Int    @unique\n', '  sampleId Int\n'],
      ['  analysis    Analysis?\n', '  analyses    Analysis[]\n'],
    ],
    class: 'additive',
    limits: ['If `sampleId` of `analyses` has duplicates by then, the schema can’t be rolled back.'],
  },
  {
    name: 'add an enum value',
    replace: [['  guest\n', '  guest\n  alumnus\n']],
    class: 'additive',
    limits: ['Rows with “alumnus” (`Role`) get another value; the original is kept aside.'],
  },
  {
    name: 'add a foreign key',
    replace: [
      [
        '  mentor    Int?\n',
        '  mentor    Int?\n  mentorUser User? @relation("mentors", fields: [mentor], references: [id])\n  mentored User[] @relation("mentors")\n',
      ],
    ],
    class: 'restrictive',
  },
  {
    name: 'change what deleting a parent does',
    replace: [
      [
        '  createdBy   User      @relation(fields: [createdById], references: [id])',
        '  createdBy   User      @relation(fields: [createdById], references: [id], onDelete: Cascade)',
      ],
    ],
    class: 'restrictive',
  },
  {
    name: 'limit a text where all fit',
    replace: [['  nick      String\n', '  nick      String @db.VarChar(20)\n']],
    class: 'restrictive',
  },
  {
    name: 'a bigger number',
    replace: [['  visits    Int      @default(0)\n', '  visits    BigInt   @default(0)\n']],
    class: 'restrictive',
    limits: ['If a new value of `visits` of `users` doesn’t fit the old type, the schema can’t be rolled back.'],
  },
  { name: 'remove an unused enum value', replace: [['  guest\n', '']], class: 'restrictive' },
  {
    name: 'drop a required column',
    replace: [['  nick      String\n', '']],
    class: 'destructive',
    limits: ['New rows get a placeholder in `nick` of `users`.'],
    losses: ['column users.nick 50'],
    placeholders: 10,
  },
  {
    name: 'drop a nullable column',
    replace: [['  phone     String?\n', '']],
    class: 'destructive',
    losses: ['column users.phone 40'],
  },
  {
    name: 'a date without its time',
    replace: [['  born      DateTime @default(now())\n', '  born      DateTime @default(now()) @db.Date\n']],
    class: 'destructive',
    losses: ['values users.born 50'],
    later: `UPDATE users SET born = '1999-01-01' WHERE id = 30`,
    written: { 'users.30.born': '1999-01-01 00:00:00' },
  },
  {
    name: 'a number without its fraction',
    replace: [['  score     Float?\n', '  score     Int?\n']],
    class: 'destructive',
    losses: ['values users.score 50'],
    later: 'UPDATE users SET score = 77 WHERE id = 30',
    written: { 'users.30.score': '77' },
  },
  {
    name: 'drop a unique required column',
    replace: [['  code      String   @unique\n', '']],
    class: 'destructive',
    limits: ['New rows get a placeholder in `code` of `users`.'],
    losses: ['column users.code 50'],
    placeholders: 10,
  },
  {
    name: 'text becomes a number',
    replace: [['  age       String\n', '  age       Int      @default(0)\n']],
    class: 'destructive',
    losses: ['values users.age 50'],
  },
  {
    name: '1:n becomes m:n',
    replace: [
      ['  classId     Int?\n', ''],
      [
        '  schoolClass SchoolClass? @relation(fields: [classId], references: [id], onDelete: SetNull)\n',
        '  classes     SchoolClass[]\n',
      ],
      ['  @@index([classId])\n', ''],
    ],
    class: 'destructive',
    limits: [
      '`classId` of `samples` is cleared in rows that refer to a row deleted in the meantime.',
      'Rows of the new table `_SampleToSchoolClass` are kept aside; the old code doesn’t show them.',
    ],
    losses: ['column samples.classId 225'],
    later: 'INSERT INTO "_SampleToSchoolClass" VALUES (5, 5)',
  },
  {
    name: 'rename a column, as Prisma does it',
    replace: [['  phone     String?\n', '  mobile    String?\n']],
    class: 'destructive',
    limits: ['Values of the new column `mobile` of `users` are kept aside; the old code doesn’t show them.'],
    losses: ['column users.phone 40'],
    candidates: 1,
    later: `UPDATE users SET mobile = '+49 0' WHERE id = 1`,
  },
  {
    name: 'drop a table',
    replace: [
      ['  badges    Badge[]\n', ''],
      [
        'model Badge {\n  id     Int    @id @default(autoincrement())\n  title  String\n  userId Int\n  user   User   @relation(fields: [userId], references: [id])\n  @@map("badges")\n}\n',
        '',
      ],
    ],
    class: 'destructive',
    limits: ['Rows of `badges` that refer to a row deleted in the meantime are kept aside, outside the table.'],
    losses: ['table badges 50'],
    aside: 3,
  },
  {
    name: 'drop a relation, and nothing else',
    replace: [
      ['  badges    Badge[]\n', ''],
      ['  user   User   @relation(fields: [userId], references: [id])\n  @@map("badges")', '  @@map("badges")'],
    ],
    class: 'additive',
    limits: ['Rows of `badges` that refer to a row deleted in the meantime are kept aside, outside the table.'],
    aside: 1,
    later: `INSERT INTO badges (title, "userId") VALUES ('new', 42)`,
  },
  {
    name: 'rename a table, as Prisma does it',
    replace: [['  @@map("badges")\n', '  @@map("awards")\n']],
    class: 'destructive',
    limits: [
      'Rows of `badges` that refer to a row deleted in the meantime are kept aside, outside the table.',
      'Rows of the new table `awards` are kept aside; the old code doesn’t show them.',
    ],
    losses: ['table badges 50'],
    candidates: 1,
    aside: 3,
    later: `INSERT INTO awards (title, "userId") VALUES ('new', 1)`,
  },
  {
    name: 'rename a column by RENAME',
    replace: [['  phone     String?\n', '  mobile    String?\n']],
    renames: [{ kind: 'column', table: 'users', from: 'phone', to: 'mobile' }],
    class: 'restrictive',
    later: `UPDATE users SET mobile = '+49 0' WHERE id = 1`,
    written: { 'users.1.phone': '+49 0' },
  },
  {
    name: 'rename a table by RENAME',
    replace: [['  @@map("badges")\n', '  @@map("awards")\n']],
    renames: [{ kind: 'table', from: 'badges', to: 'awards' }],
    class: 'restrictive',
    later: `UPDATE awards SET title = 'renamed' WHERE id = 1`,
    written: { 'badges.1.title': 'renamed' },
  },
  {
    name: 'rename a table and a column in it, and cut another',
    replace: [
      ['  @@map("badges")\n', '  @@map("awards")\n'],
      ['  title  String\n', '  label  String @db.VarChar(7)\n  level  Int?\n'],
    ],
    renames: [
      { kind: 'table', from: 'badges', to: 'awards' },
      { kind: 'column', table: 'awards', from: 'title', to: 'label' },
    ],
    fix: 'UPDATE awards SET label = left(label, 7)',
    class: 'destructive',
    losses: ['values badges.title 41'],
    limits: ['Values of the new column `level` of `awards` are kept aside; the old code doesn’t show them.'],
    later: `UPDATE awards SET label = 'new', level = 3 WHERE id = 20`,
    written: { 'badges.20.title': 'new' },
  },
  {
    name: 'require a value, with one for those without',
    replace: [['  room      String?\n', '  room      String\n']],
    fix: `UPDATE school_classes SET room = 'none' WHERE room IS NULL`,
    class: 'destructive',
    losses: ['values school_classes.room 2'],
    later: `UPDATE school_classes SET room = 'R9' WHERE id = 2`,
    written: { 'school_classes.2.room': 'R9' },
  },
  {
    name: 'a new required column, with a value for each',
    replace: [['  room      String?\n', '  room      String?\n  floor     Int\n']],
    fix: 'UPDATE school_classes SET floor = 1',
    class: 'restrictive',
    limits: ['Values of the new column `floor` of `school_classes` are kept aside; the old code doesn’t show them.'],
  },
  {
    name: 'limit a text, and cut those that are longer',
    replace: [['  note        String?\n', '  note        String? @db.VarChar(8)\n']],
    fix: 'UPDATE samples SET note = left(note, 8)',
    class: 'destructive',
    losses: ['values samples.note 58'],
    later: `UPDATE samples SET note = 'new' WHERE id = 33`,
    written: { 'samples.33.note': 'new' },
  },
  {
    name: 'remove an enum value, and map it to another',
    replace: [['  director\n', '']],
    fix: `UPDATE users SET role = 'teacher' WHERE role = 'director'`,
    class: 'destructive',
    losses: ['values users.role 12'],
    later: `UPDATE users SET role = 'guest' WHERE id = 3`,
    written: { 'users.3.role': 'guest' },
  },
  {
    name: 'make a column unique, and empty duplicates',
    replace: [['  room      String?\n', '  room      String? @unique\n']],
    fix: `UPDATE school_classes SET room = NULL WHERE id IN (9, 10)`,
    class: 'destructive',
    losses: ['values school_classes.room 2'],
    later: `UPDATE school_classes SET room = 'R99' WHERE id = 9`,
    written: { 'school_classes.9.room': 'R99' },
  },
  {
    name: 'add a foreign key, and correct orphans',
    replace: [
      [
        '  ownerId     Int\n',
        '  ownerId     Int\n  owner       User @relation("owners", fields: [ownerId], references: [id])\n',
      ],
      ['  samples   Sample[]\n  badges', '  samples   Sample[]\n  owned     Sample[] @relation("owners")\n  badges'],
    ],
    fix: 'UPDATE samples SET "ownerId" = 1 WHERE "ownerId" = 999',
    class: 'destructive',
    losses: ['values samples.ownerId 1'],
    later: 'UPDATE samples SET "ownerId" = 2 WHERE id = 8',
    written: { 'samples.8.ownerId': '2' },
  },
]

export const refused: readonly Change[] = [
  {
    name: 'a new required column without a default',
    replace: [['  room      String?\n', '  room      String?\n  floor     Int\n']],
    class: 'refused',
    refused: ['23502', 10],
  },
  {
    name: 'rename a required column, as Prisma does it',
    replace: [['  nick      String\n', '  alias     String\n']],
    class: 'refused',
    refused: ['23502', 50],
    candidates: 1,
  },
  {
    name: 'a limit that is too short',
    replace: [['  note        String?\n', '  note        String? @db.VarChar(8)\n']],
    class: 'refused',
    refused: ['22001', 58],
  },
  { name: 'an enum value in use', replace: [['  director\n', '']], class: 'refused', refused: ['22P02', 12] },
  {
    name: 'a unique index with duplicates',
    replace: [
      ['  room      String?\n', '  room      String?\n'],
      ['  organism    String\n', '  organism    String @unique\n'],
    ],
    class: 'refused',
    refused: ['23505', 300],
  },
  {
    name: 'a foreign key with orphans',
    replace: [
      [
        '  ownerId     Int\n',
        '  ownerId     Int\n  owner       User @relation("owners", fields: [ownerId], references: [id])\n',
      ],
      ['  samples   Sample[]\n  badges', '  samples   Sample[]\n  owned     Sample[] @relation("owners")\n  badges'],
    ],
    class: 'refused',
    refused: ['23503', 1],
  },
  {
    name: 'a required column with NULLs',
    replace: [['  phone     String?\n', '  phone     String\n']],
    class: 'refused',
    refused: ['23502', 10],
  },
]
