#!/bin/sh
# What a package does when it is installed and when it is removed; a line at the end calls one of them. Removes nothing
# of its users.
set -e

profile=/etc/apparmor.d/instance-manager

# Whether PM2 runs for somebody. It and its instances run from a copy (src/main/system/runtime.ts).
running() {
  grep -qsza '^INSTANCE_MANAGER_RUNTIME=' /proc/[0-9]*/environ
}

# Whether profiles can be loaded. A chroot has the kernel of a machine that the package isn't installed on.
confining() {
  aa-enabled --quiet 2>/dev/null && ! ischroot 2>/dev/null
}

# Chromium's sandbox needs user namespaces, which Ubuntu 24.04 allows only to programs with a profile. An older AppArmor
# can't read it, and would fail at every boot if it were there.
installed() {
  new=/usr/lib/instance-manager/apparmor-profile
  if apparmor_parser --skip-kernel-load --skip-cache "$new" >/dev/null 2>&1; then
    cp "$new" "$profile"
    ! confining || apparmor_parser --replace --write-cache "$profile" || true # the setuid helper does without
  fi
}

removing() {
  if [ -e "$profile" ]; then
    ! confining || apparmor_parser --remove "$profile" || true
    rm "$profile"
  fi
  if running; then
    echo 'Instances that are running keep running: they have their own copy of Node.js and PM2.'
    echo 'To stop them, install the package again and run “instance-manager stop --all”.'
    echo 'After a reboot, nothing starts them. Workspaces and databases are kept.'
    echo 'Workspaces with the embedded PostgreSQL need PgBouncer, which may be removed as no longer needed. To keep it, run'
    echo '“apt-mark manual pgbouncer” (Debian, Ubuntu) or “dnf mark install pgbouncer” (Fedora).'
  fi
}

