#!/bin/bash
# A Debian 12 of its own, without Node.js, that disappears with its first process.
# Usage: debian.sh make ROOT   makes its file system, unless it is there. Needs root, debootstrap and the network
#        debian.sh run ROOT WORK ARCHIVES   runs it on a copy in WORK, in namespaces that the caller made
set -euo pipefail

make() {
  [ -d "$1" ] && return
  local new
  new="$(mktemp -d "$1.XXXXXX")"
  trap 'rm -rf "$new"' EXIT
  debootstrap --variant=minbase bookworm "$new" >&2
  # As on a machine where the administrator decides what is started.
  printf '#!/bin/sh\nexit 101\n' > "$new/usr/sbin/policy-rc.d"
  chmod 755 "$new/usr/sbin/policy-rc.d" "$new"
  rm -rf "$new"/var/cache/apt/archives/*.deb
  mv "$new" "$1"
}

run() {
  local lower="$1" work="$2" archives="$3" root="$2/root"
  mkdir -p "$work"/{upper,work,root} "$archives"
  chmod 755 "$work" "$work/upper"
  mount -t overlay overlay -o "lowerdir=$lower,upperdir=$work/upper,workdir=$work/work" "$root"
  mount -t proc proc "$root/proc"
  mount -t tmpfs -o mode=755 dev "$root/dev"
  for it in null zero full random urandom; do
    touch "$root/dev/$it"
    mount --bind "/dev/$it" "$root/dev/$it"
  done
  mkdir -m 1777 "$root/dev/shm"
  ln -s /proc/self/fd "$root/dev/fd"
  mkdir -p "$root/tmp/.X11-unix" "$root/var/cache/apt/archives"
  mount --bind /tmp/.X11-unix "$root/tmp/.X11-unix"
  mount --bind "$archives" "$root/var/cache/apt/archives"
  cp /etc/resolv.conf "$root/etc/resolv.conf"
  ip link set lo up
  # Bash adopts and reaps what daemons leave, as an init does.
  exec chroot "$root" /bin/bash -c 'echo ready; while :; do sleep 3600 & wait $!; done'
}

"$@"
