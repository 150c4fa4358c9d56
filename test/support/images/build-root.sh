#!/bin/bash
# Makes the file system of the test images from Debian's packages: no registry is needed. Needs root and debootstrap.
# Usage: build-root.sh TAR SUITE MAJOR (of Debian, of PostgreSQL)
set -euo pipefail
tar="$1" suite="$2" major="$3"
here="$(cd "$(dirname "$0")" && pwd)"
[ -f "$tar" ] && exit 0

root="$(mktemp -d "$tar.XXXXXX")"
trap 'rm -rf "$root" "$root.tar"' EXIT
debootstrap --variant=minbase --include="postgresql-$major,pgbouncer" "$suite" "$root" >&2
rm -rf "$root"/var/{lib/apt,lib/postgresql,cache,log}/* "$root"/usr/share/{doc,man,locale,i18n,info,perl,perl5} "$root"/usr/lib/*/{gconv,perl,perl-base,perl5} \
  "$root"/usr/lib/*/libLLVM* "$root/usr/lib/postgresql/$major"/lib/{bitcode,llvmjit*} "$root"/etc/pgbouncer/* "$root"/dev/*
for program in "$root/usr/lib/postgresql/$major"/bin/*; do # Debian's own are wrappers in Perl
  ln -sf "/usr/lib/postgresql/$major/bin/$(basename "$program")" "$root/usr/bin/$(basename "$program")"
done
install -m 755 "$here/postgres-entrypoint.sh" "$here/pgbouncer-entrypoint.sh" "$root/usr/local/bin/"
chroot "$root" sh -c 'mkdir -p /var/run/postgresql /etc/pgbouncer && chown -R postgres:postgres /var/lib/postgresql /var/run/postgresql /etc/pgbouncer && chmod 3777 /var/run/postgresql'
tar -C "$root" -cf "$root.tar" .
mv "$root.tar" "$tar"
