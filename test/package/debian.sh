#!/bin/bash
# A Debian 12 of its own, without Node.js, that disappears with its first process.
# Usage: debian.sh make ROOT [PACKAGE …]   makes its file system, unless it is there. Needs root, debootstrap and the network
#        debian.sh run ROOT WORK ARCHIVES   runs it on a copy in WORK, in namespaces that the caller made
#        debian.sh disk ROOT WORK FILE   makes a disk for a virtual machine from a copy in WORK that has ended, likewise
set -euo pipefail

make() {
  [ -d "$1" ] && return
  local new
  new="$(mktemp -d "$1.XXXXXX")"
  # With the name as it is now: there is no such variable any more when the script ends.
  trap "rm -rf '$new'" EXIT
  debootstrap --variant=minbase bookworm "$new" >&2
  # As on a machine where the administrator decides what is started.
  printf '#!/bin/sh\nexit 101\n' > "$new/usr/sbin/policy-rc.d"
  chmod 755 "$new/usr/sbin/policy-rc.d" "$new"
  if [ $# -gt 1 ]; then
    DEBIAN_FRONTEND=noninteractive unshare --mount --fork "$0" add "$new" "${@:2}" >&2
  fi
  rm -rf "$new"/var/cache/apt/archives/*.deb
  mv "$new" "$1"
}

add() {
  mount -t proc proc "$1/proc"
  chroot "$1" apt-get -qy install --no-install-recommends "${@:2}"
}

# What runs sees the lower file system with the copy's changes.
overlay() {
  mkdir -p "$2"/{upper,work,root}
  chmod 755 "$2" "$2/upper"
  mount -t overlay overlay -o "lowerdir=$1,upperdir=$2/upper,workdir=$2/work" "$2/root"
}

run() {
  local lower="$1" work="$2" archives="$3" root="$2/root"
  mkdir -p "$archives"
  overlay "$lower" "$work"
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

disk() {
  overlay "$1" "$2"
  rm -rf "$2"/root/tmp/.[!.]* "$2/root/usr/sbin/policy-rc.d"
  truncate -s 6G "$3"
  mke2fs -q -t ext4 -d "$2/root" "$3"
}

"$@"
