/** The repository as apt sees it, and the package's question whether to add it. With packages of nothing but a name. */
import { appendFile, cp, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { execa } from 'execa'
import { afterAll, beforeAll, beforeEach, expect, test, vi } from 'vitest'
import { exists } from '../../src/main/system/files'
import { startDebian, type Debian } from './debian'
import { askForSource, makeKey, metainfo, publish, signer } from './publishing'

const url = 'file:///srv/repository'
let debian: Debian
let key: Awaited<ReturnType<typeof makeKey>>
let work: string
/** The repository as it is published, as it is served, and apt's source of it. */
let folder: string, served: string, source: string

beforeAll(async () => {
  ;[debian, key] = await Promise.all([startDebian(), makeKey()])
  served = join(debian.root, 'srv/repository')
  source = join(debian.root, 'etc/apt/sources.list.d/instance-manager.sources')
  await rm(join(debian.root, 'etc/apt/sources.list'))
  await asRoot('umount /var/cache/apt/archives') // apt locks them, and other tests share them
  await asRoot('mkdir /dev/pts && mount -t devpts -o newinstance,ptmxmode=666 devpts /dev/pts && ln -s pts/ptmx /dev')
})
beforeEach(async () => {
  work = await mkdtemp(join(tmpdir(), 'im-repository-'))
  folder = join(work, 'repository')
  return async () => {
    await debian.asRoot(`dpkg --purge instance-manager; rm -rf /srv/* /etc/apt/sources.list.d/* /var/lib/apt/lists/*`)
    await rm(work, { recursive: true })
  }
})
afterAll(async () => {
  await key.remove()
  await debian.remove()
})

/** @param asks whether it asks for its source @param content makes it differ from another of its version */
async function makeDeb(version: string, { asks = false, content = '' } = {}): Promise<string> {
  const root = await mkdtemp(join(work, 'root-'))
  const fields = `Package: instance-manager\nVersion: ${version}\nArchitecture: amd64\nMaintainer: Test <test@localhost>\nDepends: libc6\nDescription: a test\n`
  await mkdir(join(root, 'DEBIAN'), { mode: 0o755 })
  await mkdir(join(root, 'etc'))
  await writeFile(join(root, 'DEBIAN/control'), fields)
  await writeFile(join(root, 'etc/content'), content)
  const postinst = '#!/bin/sh\nset -e\necho configured >> /srv/configured\n'
  await writeFile(join(root, 'DEBIAN/postinst'), postinst, { mode: 0o755 })
  if (asks) await askForSource(root, { url, publicKey: key.signer.publicKey })
  const path = join(work, `instance-manager_${version}_amd64.deb`)
  const env = { SOURCE_DATE_EPOCH: '1' } // the same bytes from the same content
  await execa('dpkg-deb', ['--root-owner-group', '--build', root, path], { env })
  return path
}

async function publishVersion(version: string, { content = '', signer: by = key.signer } = {}): Promise<void> {
  await publish({ folder, paths: [await makeDeb(version, { content })], signer: by, url })
  await cp(folder, served, { recursive: true })
}

/** The operator gets the source, as the documentation says. */
const addSource = (): Promise<void> => cp(join(served, 'instance-manager.sources'), source)

async function asRoot(command: string): Promise<string> {
  const { exitCode, stdout, stderr } = await debian.asRoot(command)
  if (exitCode !== 0) throw new Error(`${stdout}\n${stderr}`)
  return stdout
}

const candidate = async (): Promise<string | undefined> =>
  /Candidate: (.*)/.exec(await asRoot('apt-get -q update && apt-cache policy instance-manager'))?.[1]

test('apt accepts the signature, installs from it, sees a newer version, and can go back', async () => {
  await publishVersion('1.0.0')
  await addSource()
  await asRoot('apt-get -q update && apt-get -qy install instance-manager')
  await mkdir(join(folder, '.instance-manager-interrupted'))
  await publishVersion('1.1.0')
  expect(await candidate()).toBe('1.1.0')
  await asRoot('apt-get -qy install instance-manager && apt-get -qy install --allow-downgrades instance-manager=1.0.0')
  expect((await readdir(folder)).toSorted()).toEqual([
    'dists',
    'instance-manager.asc',
    'instance-manager.sources',
    'pool',
  ])
})

test('on the web, it has the README’s pictures, and the package tells software centres where they are', async () => {
  const web = 'https://packages.example.org/instance-manager'
  await publish({ folder, paths: [], signer: key.signer, url: web })
  const text = await metainfo({ version: '1.0.0', date: new Date(), url: web })
  await writeFile(join(work, 'it.metainfo.xml'), text)
  await execa('appstreamcli', ['validate', '--no-net', join(work, 'it.metainfo.xml')])
  const shown = [...text.matchAll(/<image>(.*)<\/image>/g)].map(it => it[1])
  expect(shown.length).toBeGreaterThan(3)
  for (const it of shown) expect(await exists(join(folder, it?.replace(web, '') ?? ''))).toBe(true)
  expect(shown).toHaveLength((await readdir(join(folder, 'pictures'))).length)
  expect(await metainfo({ version: '1.0.0', date: new Date() })).not.toMatch(/screenshot|@/i)
})

test('a crash before the new index is in place leaves the old one', async () => {
  await publishVersion('1.0.0')
  await addSource()
  const index = join(served, 'dists/stable/InRelease')
  const old = await readFile(index)
  await publishVersion('1.1.0')
  await writeFile(index, old) // everything else is written before it, or isn't read by apt
  expect(await candidate()).toBe('1.0.0')
})

const update = 'apt-get -q update -o APT::Update::Error-Mode=any'

test('apt refuses an index that somebody has changed, or signed with another key', async () => {
  await publishVersion('1.0.0')
  await addSource()
  const index = join(served, 'dists/stable/InRelease')
  await writeFile(index, (await readFile(index, 'utf8')).replace('Label: Instance', 'Label: Another'))
  expect((await debian.asRoot(update)).stderr).toContain('The following signatures were invalid: BADSIG')
  const other = await makeKey()
  try {
    await publishVersion('1.1.0', { signer: other.signer })
    expect((await debian.asRoot(update)).stderr).toContain('NO_PUBKEY')
  } finally {
    await other.remove()
    vi.stubEnv('GNUPGHOME', key.home)
  }
})

test('apt refuses lists and packages that somebody has changed', async () => {
  await publishVersion('1.0.0')
  await addSource()
  const change = async (what: RegExp): Promise<void> => {
    for (const it of await readdir(served, { recursive: true }))
      if (what.test(it)) await appendFile(join(served, it), '\n')
  }
  await asRoot(update)
  await change(/\.deb$/)
  expect((await debian.asRoot('apt-get -qy install instance-manager')).exitCode).not.toBe(0)
  await asRoot('rm -rf /var/lib/apt/lists/*')
  await change(/Packages|SHA256\/./)
  expect((await debian.asRoot(update)).stderr).toMatch(/Hash Sum mismatch|unexpected size/)
})

test('a version that is published is never replaced by another of the same name', async () => {
  await publishVersion('1.0.0')
  await publishVersion('1.0.0')
  await expect(publishVersion('1.0.0', { content: 'other' })).rejects.toThrow('is there already, with other content')
})

test.each([
  [undefined, 'no key is named'],
  ['Nobody', 'There is no secret key “Nobody”'],
])('without a key (%j), it says which command makes one', async (id, message) => {
  await expect(signer(id)).rejects.toMatchObject({
    message: expect.stringContaining(message) as unknown,
    hint: expect.stringContaining('gpg --quick-generate-key') as unknown,
  })
})

test('the metadata for rpm is signed, and lists what is there', async () => {
  const fields = 'Name: instance-manager\nVersion: 1.0.0\nRelease: 1\nSummary: it\nLicense: none\nBuildArch: noarch\n'
  await writeFile(join(work, 'it.spec'), `${fields}%description\n%files\n`)
  await execa('rpmbuild', ['-bb', '--define', `_topdir ${work}`, join(work, 'it.spec')])
  const name = 'instance-manager-1.0.0-1.noarch.rpm'
  await publish({ folder, paths: [join(work, 'RPMS/noarch', name)], signer: key.signer, url })
  const list = join(folder, 'rpm/repodata/repomd.xml')
  await execa('gpg', ['--verify', `${list}.asc`, list])
  const lists = await execa('sh', ['-c', 'zcat "$0"/*-primary.xml.gz', join(list, '..')])
  expect(lists.stdout).toContain(`<location href="${name}"/>`)
})

/** Installs it as somebody at a terminal does, who answers. */
const answering = (answer: string, command: string): Promise<string> =>
  asRoot(`printf '${answer}\n' | script -qec 'DEBIAN_FRONTEND=readline ${command}' /dev/null`)

/** @returns what is printed */
async function install(version: string, answer?: string): Promise<string> {
  await cp(await makeDeb(version, { asks: true }), join(debian.root, 'srv/it.deb'))
  return await (answer === undefined ? asRoot('dpkg -i /srv/it.deb') : answering(answer, 'dpkg -i /srv/it.deb'))
}
const asking = 'Add Instance Manager'

test('nobody is asked where nobody can answer, and apt’s sources stay as they are', async () => {
  await install('1.0.0')
  expect(await exists(source)).toBe(false)
  expect(await asRoot('cat /srv/configured')).toBe('configured') // once, although debconf runs the script again
})

test('the source is added once it is wanted, works, and goes with the package', async () => {
  await publishVersion('1.1.0')
  expect(await install('1.0.0', 'yes')).toContain(asking)
  expect(await candidate()).toBe('1.1.0')
  await asRoot('dpkg --remove instance-manager')
  expect(await exists(source)).toBe(false)
})

test('a source that the operator deletes stays away, until it is wanted again', async () => {
  await install('1.0.0', 'yes')
  await rm(source)
  await install('1.1.0')
  expect(await exists(source)).toBe(false)
  await answering('yes', 'dpkg-reconfigure instance-manager')
  expect(await exists(source)).toBe(true)
  await answering('no', 'dpkg-reconfigure instance-manager')
  expect(await exists(source)).toBe(false)
})

test('a source of the operator’s own is left alone, and nothing is asked', async () => {
  await writeFile(source, '# mine\n')
  expect(await install('1.0.0', 'yes')).not.toContain(asking)
  await asRoot('dpkg --purge instance-manager')
  expect(await readFile(source, 'utf8')).toBe('# mine\n')
})
