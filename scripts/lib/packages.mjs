/**
 * System packages: missing ones are detected before anything fails. Where no password is needed (Debian, Ubuntu) they
 * are installed; otherwise the script prints the one command to run.
 */
import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { isRoot } from './sandbox.mjs'
import { Failure, run, say, step } from './say.mjs'

/** Debian 13 and Ubuntu 24.04 renamed libraries for 64-bit time; they came with glibc 2.39 or later. */
const t64 = Number(process.report.getReport().header.glibcVersionRuntime?.split('.')[1]) >= 39 ? 't64' : ''

/**
 * What the system needs: how to detect it, the packages that provide it, whether it is required, and the system-wide
 * services (`units`) that Debian starts with it although nothing here uses them.
 */
const needs = {
  electron: {
    what: 'the libraries that Electron draws with',
    required: true,
    found: async path => !(await run('ldd', [path], { quiet: true })).output.includes('not found'),
    apt: [`libgtk-3-0${t64}`, 'libnss3', `libasound2${t64}`, 'libgbm1', 'libxss1', 'libxtst6', 'dbus'],
    dnf: ['gtk3', 'nss', 'alsa-lib', 'mesa-libgbm', 'libXScrnSaver', 'libXtst', 'dbus-daemon'],
  },
  fonts: {
    what: 'a font',
    required: true,
    found: () => hasFont('/usr/share/fonts') || hasFont('/usr/local/share/fonts'),
    apt: ['fontconfig', 'fonts-dejavu-core'],
    dnf: ['fontconfig', 'dejavu-sans-fonts'],
  },
  pgbouncer: {
    what: 'PgBouncer (connection pooling; instances run without it, not pooled)',
    required: false,
    found: () => hasCommand('pgbouncer'),
    apt: ['pgbouncer'],
    dnf: ['pgbouncer'],
    units: ['pgbouncer'], // each workspace has its own
  },
  display: {
    what: 'a virtual display',
    required: true,
    found: () => hasDisplay() || hasCommand('xvfb-run'),
    apt: ['xvfb', 'xauth'],
    dnf: ['xorg-x11-server-Xvfb', 'xorg-x11-xauth'],
  },
  chromium: {
    what: 'Chromium, for tests of the served pages',
    required: false,
    found: () => hasCommand('chromium'),
    apt: ['chromium'],
    dnf: ['chromium'],
  },
  podman: {
    what: 'Podman, for its tests',
    required: false,
    found: () => ['podman', 'runc', 'iptables'].every(hasCommand) && existsSync('/usr/lib/podman/netavark'),
    apt: [
      'podman',
      'runc',
      'netavark',
      'aardvark-dns',
      'iptables',
      'catatonit',
      'uidmap',
      'slirp4netns',
      'fuse-overlayfs',
    ],
    dnf: ['podman', 'runc', 'iptables'],
  },
  docker: {
    what: 'Docker, for its tests',
    required: false,
    found: () => ['dockerd', 'docker', 'containerd', 'runc', 'iptables'].every(hasCommand),
    apt: ['docker.io', 'containerd', 'runc', 'iptables'],
    dnf: ['moby-engine', 'containerd', 'runc', 'iptables'],
    // Each test has a daemon of its own.
    units: ['docker.socket', 'docker'],
  },
  registry: {
    what: 'an image registry, for tests of pulls',
    required: false,
    found: () => hasCommand('docker-registry'),
    apt: ['docker-registry'],
    dnf: ['docker-distribution'],
    units: ['docker-registry'], // a test has its own
  },
  zstd: {
    what: 'zstd, for an archive',
    required: false,
    found: () => hasCommand('zstd'),
    apt: ['zstd'],
    dnf: ['zstd'],
  },
  dpkg: {
    what: 'dpkg, for a package for Debian and Ubuntu',
    required: false,
    found: () => hasCommand('dpkg-deb'),
    apt: ['dpkg'],
    dnf: ['dpkg'],
  },
  rpmbuild: {
    what: 'rpmbuild, for a package for Fedora and RHEL',
    required: false,
    found: () => hasCommand('rpmbuild'),
    apt: ['rpm'],
    dnf: ['rpm-build'],
  },
  debianTools: {
    what: 'the tools that check a package',
    required: true,
    found: () => ['lintian', 'desktop-file-validate', 'appstreamcli'].every(hasCommand),
    apt: ['lintian', 'desktop-file-utils', 'appstream'],
    dnf: ['lintian', 'desktop-file-utils', 'appstream'],
  },
  repositoryTools: {
    what: 'the tools that make an apt repository',
    required: true,
    found: () => ['apt-ftparchive', 'gpg'].every(hasCommand),
    apt: ['apt-utils', 'gpg'],
    dnf: ['apt', 'gnupg2'],
  },
  createrepo: {
    what: 'createrepo_c, for the metadata for rpm',
    required: false,
    found: () => hasCommand('createrepo_c'),
    apt: ['createrepo-c'],
    dnf: ['createrepo_c'],
  },
  pictures: {
    what: 'ImageMagick and xwininfo, to look at a display',
    required: true,
    found: () => ['import', 'xwininfo'].every(hasCommand),
    apt: ['imagemagick', 'x11-utils'],
    dnf: ['ImageMagick', 'xwininfo'],
  },
  qemu: {
    what: 'QEMU, for a virtual machine',
    required: true,
    found: () => ['qemu-system-x86_64', 'qemu-img', 'mke2fs'].every(hasCommand),
    apt: ['qemu-system-x86', 'qemu-utils', 'e2fsprogs'],
    dnf: ['qemu-system-x86-core', 'qemu-img', 'e2fsprogs'],
  },
  debootstrap: {
    what: 'debootstrap, for the images of the Podman and Docker tests',
    required: false,
    found: () => hasCommand('debootstrap'),
    apt: ['debootstrap'],
    dnf: ['debootstrap'],
  },
}

/**
 * @param names keys of `needs`. @param electron path of its binary, if its libraries are among them. @throws Failure if
 * a required one can't be installed
 */
export async function packages(names, electron) {
  const missing = await missingOf(names, electron)
  if (missing.length === 0) return
  say(`Missing on this system: ${missing.map(name => needs[name].what).join('; ')}.`)
  const sudo = hasCommand('apt-get') ? await rights() : undefined
  const still = sudo && (await install(sudo, missing)) ? await missingOf(missing, electron) : missing
  if (still.length === 0) return
  const command = commandFor(still)
  if (still.some(name => needs[name].required)) {
    throw new Failure(
      `This requires ${still
        .filter(name => needs[name].required)
        .map(name => needs[name].what)
        .join(' and ')}.`,
      command,
    )
  }
  say(`Continuing without it. To install it: ${command}`)
}

async function missingOf(names, electron) {
  const found = await Promise.all(names.map(name => needs[name].found(electron)))
  return names.filter((_, index) => !found[index])
}

/** @returns the command prefix (empty for root), or undefined if installing packages needs a password */
async function rights() {
  if (isRoot) return []
  if (!hasCommand('sudo')) return undefined
  return (await run('sudo', ['-n', 'true'], { quiet: true })).code === 0 ? ['sudo', '-n'] : undefined
}

async function install(sudo, names) {
  const wanted = names.flatMap(name => needs[name].apt)
  const asRoot = (command, options) => {
    const [file, ...args] = [...sudo, ...command]
    return run(file, args, options)
  }
  const apt = (...args) =>
    asRoot(['env', 'DEBIAN_FRONTEND=noninteractive', 'apt-get', '-q', ...args], { timeout: 1_200_000 })
  const installed = await step(`Installing: apt-get install ${wanted.join(' ')}`, async () => {
    await apt('update')
    return (await apt('install', '-y', '--no-install-recommends', ...wanted)).code === 0
  })
  const units = names.flatMap(name => needs[name].units ?? [])
  if (installed && units.length > 0 && existsSync('/run/systemd/system')) {
    await asRoot(['systemctl', 'disable', '--now', ...units], { quiet: true })
  }
  return installed
}

function commandFor(names) {
  const list = kind => names.flatMap(name => needs[name][kind]).join(' ')
  const sudo = isRoot ? '' : 'sudo '
  if (hasCommand('apt-get')) return `${sudo}apt-get update && ${sudo}apt-get install -y ${list('apt')}`
  if (hasCommand('dnf')) return `${sudo}dnf install -y ${list('dnf')}`
  return `install these with your system's package manager: ${list('apt')} (Debian’s names)`
}

/** Daemons are in sbin, which isn't in every user's PATH. */
export const hasCommand = name =>
  `${process.env.PATH}:/usr/sbin:/usr/local/sbin:/sbin`
    .split(':')
    .some(folder => folder && existsSync(join(folder, name)))

export const hasDisplay = () => !!(process.env.DISPLAY || process.env.WAYLAND_DISPLAY)

function hasFont(folder) {
  if (!existsSync(folder)) return false
  return readdirSync(folder, { withFileTypes: true }).some(it =>
    it.isDirectory() ? hasFont(join(folder, it.name)) : /\.(ttf|otf|ttc)$/i.test(it.name),
  )
}
