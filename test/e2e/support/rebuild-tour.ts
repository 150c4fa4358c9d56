/** The walk's part on rebuilds: what one changes, what a change of the schema would lose, and the same of several. */
import { appendFile, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Locator, Page } from '@playwright/test'
import { execa } from 'execa'
import { withConnection } from '../../../src/main/infrastructure/connection'
import { embeddedAdmin } from '../../support/infrastructure'
import { InstanceList } from '../pages/instances'
import { patience } from '../pages/operation'
import { expect, type TestHome } from './fixtures'
import type { Look } from './tour'

/** What the sample application's schema has besides its users, which is all that a quick creation makes. */
const otherTables = `
  CREATE TYPE sample_status AS ENUM ('registered', 'analysed');
  CREATE TABLE school_classes (id serial PRIMARY KEY, name text NOT NULL, teacher_id int NOT NULL, created_at timestamp(3) NOT NULL DEFAULT CURRENT_TIMESTAMP, updated_at timestamp(3) NOT NULL);
  CREATE TABLE samples (id serial PRIMARY KEY, name text NOT NULL, organism text NOT NULL, status sample_status NOT NULL DEFAULT 'registered', class_id int, created_by_id int NOT NULL, created_at timestamp(3) NOT NULL DEFAULT CURRENT_TIMESTAMP, updated_at timestamp(3) NOT NULL);
  CREATE TABLE analyses (id serial PRIMARY KEY, sample_id int NOT NULL, sequence text NOT NULL, length int NOT NULL, gc_content double precision, created_at timestamp(3) NOT NULL DEFAULT CURRENT_TIMESTAMP, updated_at timestamp(3) NOT NULL);
  CREATE UNIQUE INDEX school_classes_name_key ON school_classes (name);
  CREATE INDEX school_classes_teacher_id_idx ON school_classes (teacher_id);
  CREATE INDEX samples_created_at_idx ON samples (created_at);
  CREATE INDEX samples_class_id_idx ON samples (class_id);
  CREATE INDEX samples_created_by_id_idx ON samples (created_by_id);
  CREATE UNIQUE INDEX analyses_sample_id_key ON analyses (sample_id);
  ALTER TABLE school_classes ADD CONSTRAINT school_classes_teacher_id_fkey FOREIGN KEY (teacher_id) REFERENCES users (id) ON DELETE RESTRICT ON UPDATE CASCADE;
  ALTER TABLE samples ADD CONSTRAINT samples_class_id_fkey FOREIGN KEY (class_id) REFERENCES school_classes (id) ON DELETE SET NULL ON UPDATE CASCADE;
  ALTER TABLE samples ADD CONSTRAINT samples_created_by_id_fkey FOREIGN KEY (created_by_id) REFERENCES users (id) ON DELETE RESTRICT ON UPDATE CASCADE;
  ALTER TABLE analyses ADD CONSTRAINT analyses_sample_id_fkey FOREIGN KEY (sample_id) REFERENCES samples (id) ON DELETE CASCADE ON UPDATE CASCADE;`

/** @param window shows the list; Lakeside and Riverside run */
export async function rebuildTour(window: Page, place: TestHome, look: Look): Promise<void> {
  const list = new InstanceList(window)
  await addUsers(place, 'Lakeside', 1204)
  await addUsers(place, 'Riverside', 318)
  const asBefore = await makeNewer(place)
  await list.act('Lakeside', 'Rebuild…')
  const one = list.room.dialog('Rebuild Lakeside')
  await expect(one).toContainText('Stays')
  await one.getByRole('checkbox', { name: 'SENDGRID_API_KEY' }).check()
  await look('rebuild')
  await one.getByRole('radio', { name: 'Change the database’s schema' }).check()
  await one.getByRole('checkbox', { name: 'Lose 1,204 values' }).check({ timeout: patience })
  await scrollTo(one.getByText('Database', { exact: true }))
  await look('rebuild-loss')
  await one.getByRole('button', { name: 'Cancel' }).click()

  for (const it of ['Lakeside', 'Riverside']) await list.row(it).getByRole('checkbox').check()
  await list.chosen.getByRole('button', { name: 'Rebuild…' }).click()
  const fleet = list.room.dialog('Rebuild 2 instances')
  await expect(fleet).toContainText('Packages')
  await look('rebuild-fleet')
  await fleet.getByRole('radio', { name: 'Change the databases’ schemas' }).check()
  await fleet.getByRole('button', { name: 'Rehearse the other' }).click({ timeout: patience })
  await fleet.getByRole('checkbox', { name: 'Lose 1,522 values' }).check({ timeout: patience })
  await scrollTo(fleet.getByText('Databases', { exact: true }))
  await look('rebuild-fleet-loss')
  await fleet.getByRole('button', { name: 'Cancel' }).click()
  await expect(fleet).toBeHidden() // in it, Esc would keep the selection
  await window.keyboard.press('Escape')
  await asBefore()
}

/** To the top of the dialog's window, whatever its height. */
const scrollTo = (locator: Locator): Promise<void> => locator.evaluate(it => it.scrollIntoView({ block: 'start' }))

/** With pictures, which the next version has no column for. */
async function addUsers({ root, defaults }: TestHome, name: string, count: number): Promise<void> {
  const database = `${name.toLowerCase()}_db`
  await withConnection({ ...(await embeddedAdmin(root, defaults)), database }, async client => {
    const { rows } = await client.query<{ owner: string }>(
      "SELECT quote_ident(tableowner) AS owner FROM pg_tables WHERE tablename = 'users'",
    )
    await client.query(`SET ROLE ${rows[0]?.owner}; SET search_path = public; ${otherTables}
      INSERT INTO users (name, email, password_hash, profile_picture, updated_at)
        SELECT 'Pupil ' || n, 'pupil' || n || '@school.example', '-', n || '.png', now() FROM generate_series(1, ${count}) AS n`)
  })
}

/** The base application a week later: commits, a new setting, and a column less. @returns what undoes it */
async function makeNewer({ root }: TestHome): Promise<() => Promise<void>> {
  const git = (...args: readonly string[]) =>
    execa('git', ['-C', root, '-c', 'user.name=Ada', '-c', 'user.email=ada@school.example', ...args])
  const inServer = (path: string): string => join(root, 'server', path)
  const files = ['index.js', 'prisma/schema.prisma'].map(inServer)
  const before = await Promise.all(files.map(it => readFile(it, 'utf8')))
  await git('init', '--quiet')
  for (const subject of [
    'Reports as PDF',
    'The list of samples remembers its filter',
    'Initials instead of pictures',
  ]) {
    await appendFile(inServer('index.js'), `\n// ${subject}\n`)
    await git('add', 'server', 'client')
    await git('commit', '--quiet', '--message', subject)
  }
  const [, schema = ''] = before
  await writeFile(inServer('prisma/schema.prisma'), schema.replace(/^ *profilePicture .*\n/m, ''))
  await git('commit', '--quiet', '--all', '--message', 'Drop the column of profile pictures')
  await writeFile(inServer('.env'), 'SENDGRID_API_KEY=shared\n')
  return async () => {
    await Promise.all(files.map((it, index) => writeFile(it, before[index] ?? '')))
    await Promise.all([inServer('.env'), join(root, '.git')].map(it => rm(it, { recursive: true })))
  }
}
