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
  readonly mend?: string
  /** What the rehearsal says is lost, e.g. `column users.phone 40`. */
  readonly losses?: readonly string[]
  /** SQLSTATE and number of rows. */
  readonly refused?: readonly [code: string, rows: number]
  readonly candidates?: number
  /** Of the ten users that are added meanwhile. */
  readonly placeholders?: number
  readonly aside?: number
  /** Done after the change, beside what is done after each. */
  readonly later?: string
  /** `table.column` that differ from what they would be without the change, because `later` wrote them. */
  readonly written?: readonly string[]
}

export const accepted: readonly Change[] = [
  {
    name: 'drop nullable column',
    replace: [['  phone     String?\n', '']],
    class: 'destructive',
    losses: ['column users.phone 40'],
  },
]
