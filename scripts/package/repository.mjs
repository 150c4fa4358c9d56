/** A signed apt repository, with metadata for rpm beside it: a folder that any web server can serve as it is. */
import { createHash, randomBytes } from 'node:crypto'
import { mkdir, mkdtemp, readdir, readFile, rename, rm } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { hasCommand, packages } from '../lib/packages.mjs'
import { Failure, run, step } from '../lib/say.mjs'
import { sourceFile } from './apt-source.mjs'
import { name } from './description.mjs'
import { isOnTheWeb, pictures, picturesFolder } from './metainfo.mjs'
import { write, zip } from './tree.mjs'

/**
 * Adds packages to a repository, or begins one. Older versions stay, so that it is possible to go back.
 * @param {object} options
 * @param {string} options.folder the repository
 * @param {string[]} options.paths of packages
 * @param {import('./signer.mjs').Signer} options.signer
 * @param {string} [options.url] where the folder will be served
 * @throws Failure if a package is there with other content
 */
export async function publish({ folder, paths, signer, url: given }) {
  const url = given ?? 'https://ADDRESS-OF-THIS-FOLDER'
  const [debs, rpms] = ['.deb', '.rpm'].map(it => paths.filter(path => path.endsWith(it)))
  await removeLeftovers(folder)
  await replace(join(folder, `${name}.asc`), signer.publicKey)
  if (isOnTheWeb(given)) await publishPictures(join(folder, picturesFolder))
  if (debs.length > 0) {
    await step('Updating the apt repository', () => publishDebs(folder, debs, signer))
    await replace(join(folder, `${name}.sources`), sourceFile(url, signer.publicKey))
  }
  if (rpms.length > 0) await packages(['createrepo'])
  if (rpms.length > 0 && hasCommand('createrepo_c')) {
    await step('Updating the metadata for rpm', () => publishRpms(join(folder, 'rpm'), rpms, signer))
    await replace(join(folder, `${name}.repo`), repoFile(url))
  }
}

/** For AppStream (see metainfo.mjs). Those of older versions stay, because their packages name them. */
async function publishPictures(folder) {
  for (const it of await pictures()) await replace(join(folder, it.name), await readFile(it.path))
}

const suite = join('dists', 'stable')

/**
 * Clients read InRelease first, then the lists that it names, by their checksums. So the rename of InRelease is the
 * moment from which they see the new index; until then, and after a crash, they see the old one. Lists of older indexes
 * stay for clients that have just read the old InRelease: they take a few kilobytes.
 */
async function publishDebs(folder, debs, signer) {
  for (const it of debs) await add(it, join(folder, 'pool'))
  await aside(folder, async fresh => {
    const lists = await writeLists(folder, fresh)
    const [clear, plain, signature] = ['InRelease', 'Release', 'Release.gpg'].map(it => join(suite, it))
    await write(join(fresh, plain), await ftparchive(fresh, ['release', suite], await describing(folder)))
    await signer.sign(['--output', join(fresh, clear), '--clearsign', join(fresh, plain)])
    await signer.sign(['--output', join(fresh, signature), '--armor', '--detach-sign', join(fresh, plain)])
    for (const it of lists) {
      const content = await readFile(join(fresh, it))
      const sum = createHash('sha256').update(content).digest('hex')
      await replace(join(folder, dirname(it), 'by-hash', 'SHA256', sum), content)
    }
    await moveInto(folder, fresh, [clear, plain, signature, ...lists])
  })
}

/** @returns the paths of the lists of packages, one for each architecture, plain and compressed */
async function writeLists(folder, fresh) {
  const lists = []
  for (const it of await architecturesIn(folder)) {
    const list = join(suite, 'main', `binary-${it}`, 'Packages')
    const text = await ftparchive(folder, ['--arch', it, 'packages', 'pool'])
    await write(join(fresh, list), text)
    await write(join(fresh, `${list}.gz`), zip(text))
    lists.push(list, `${list}.gz`)
  }
  return lists
}

async function architecturesIn(folder) {
  const found = (await readdir(join(folder, 'pool'))).map(it => /_(\w+)\.deb$/.exec(it)?.[1])
  return [...new Set(found)].filter(it => it !== undefined).toSorted()
}

const describing = async folder => ({
  Origin: 'Instance Manager',
  Label: 'Instance Manager',
  Suite: 'stable',
  Codename: 'stable',
  Architectures: (await architecturesIn(folder)).join(' '),
  Components: 'main',
  'Acquire-By-Hash': 'yes',
})

/** @param release the fields of a Release file @returns what it prints */
async function ftparchive(folder, args, release = {}) {
  const options = [
    ...['MD5', 'SHA1', 'SHA512'].map(it => `APT::FTPArchive::${it}=false`),
    ...Object.entries(release).map(([field, value]) => `APT::FTPArchive::Release::${field}=${value}`),
  ]
  const all = [...options.flatMap(it => ['-o', it]), ...args]
  const { code, stdout, output } = await run('apt-ftparchive', all, { quiet: true, cwd: folder })
  if (code !== 0) throw new Failure(`apt-ftparchive failed:\n${output}`, 'check the packages in the repository.')
  return stdout
}

/** As for apt: the names of all files but repomd.xml contain their checksums. */
async function publishRpms(folder, rpms, signer) {
  for (const it of rpms) await add(it, folder)
  await aside(folder, async fresh => {
    const { code, output } = await run('createrepo_c', ['--no-database', '--outputdir', fresh, folder], { quiet: true })
    if (code !== 0) throw new Failure(`createrepo_c failed:\n${output}`, 'check the packages in the repository.')
    const list = join('repodata', 'repomd.xml')
    await signer.sign(['--output', join(fresh, `${list}.asc`), '--armor', '--detach-sign', join(fresh, list)])
    const others = (await readdir(join(fresh, 'repodata'))).filter(it => !it.startsWith('repomd.xml'))
    await mkdir(join(folder, 'repodata'), { recursive: true })
    await moveInto(folder, fresh, [...others.map(it => join('repodata', it)), `${list}.asc`, list])
  })
}

/** The metadata is signed, and has the packages' checksums. */
const repoFile = url => `[${name}]
name=Instance Manager
baseurl=${url}/rpm
enabled=1
gpgcheck=0
repo_gpgcheck=1
gpgkey=${url}/${name}.asc
`

/** What is published under a name never changes: somebody may be downloading it, or have its checksum. */
async function add(path, folder) {
  const to = join(folder, basename(path))
  const content = await readFile(path)
  const there = await readFile(to).catch(() => undefined)
  if (there?.equals(content)) return
  if (there)
    throw new Failure(
      `${to} is there already, with other content.`,
      'increase the version (npm version), or delete that file if nobody has it yet.',
    )
  await replace(to, content)
}

/** How names of what isn't finished begin. */
const unfinished = `.${name}-`

/** Of an earlier publication that was interrupted. */
async function removeLeftovers(folder) {
  for (const it of ['', 'pool', 'rpm', picturesFolder].map(at => join(folder, at))) {
    const left = (await readdir(it).catch(() => [])).filter(its => its.startsWith(unfinished))
    for (const its of left) await rm(join(it, its), { recursive: true })
  }
}

/** Works in a folder beside others, which disappears afterwards. */
async function aside(folder, work) {
  const fresh = await mkdtemp(join(folder, unfinished))
  try {
    await work(fresh)
  } finally {
    await rm(fresh, { recursive: true, force: true })
  }
}

/** In this order, once everything is on the disk. */
async function moveInto(folder, fresh, paths) {
  await run('sync', ['--file-system', folder], { quiet: true })
  for (const it of paths) await rename(join(fresh, it), join(folder, it))
}

/** A crash leaves the old file or the new one. */
async function replace(path, content) {
  const fresh = join(dirname(path), `${unfinished}${randomBytes(6).toString('hex')}`)
  await write(fresh, content)
  await rename(fresh, path)
}
