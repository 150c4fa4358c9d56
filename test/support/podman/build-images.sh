#!/bin/bash
# Makes the two test images from Debian's packages (STACK.md): no registry is needed. Needs root, podman and debootstrap.
# Usage: build-images.sh POSTGRES_IMAGE PGBOUNCER_IMAGE CACHED_TAR
set -euo pipefail
postgres_image="$1" pgbouncer_image="$2" cache="$3"
here="$(cd "$(dirname "$0")" && pwd)"
podman image exists "$postgres_image" && podman image exists "$pgbouncer_image" && exit 0

if [ ! -f "$cache" ]; then
  mkdir -p "$(dirname "$cache")"
  root="$(mktemp -d "$cache.XXXXXX")"
  trap 'rm -rf "$root" "$root.tar"' EXIT
  debootstrap --variant=minbase --include=postgresql-15,pgbouncer bookworm "$root" >&2
  rm -rf "$root"/var/{lib/apt,lib/postgresql,cache,log}/* "$root"/usr/share/{doc,man,locale,i18n,info,perl,perl5} "$root"/usr/lib/*/{gconv,perl,perl-base,perl5} \
    "$root"/usr/lib/*/libLLVM* "$root"/usr/lib/postgresql/15/lib/{bitcode,llvmjit*} "$root"/etc/pgbouncer/* "$root"/dev/*
  for program in "$root"/usr/lib/postgresql/15/bin/*; do # Debian's own are wrappers in Perl
    ln -sf "/usr/lib/postgresql/15/bin/$(basename "$program")" "$root/usr/bin/$(basename "$program")"
  done
  install -m 755 "$here/postgres-entrypoint.sh" "$here/pgbouncer-entrypoint.sh" "$root/usr/local/bin/"
  chroot "$root" sh -c 'mkdir -p /var/run/postgresql /etc/pgbouncer && chown -R postgres:postgres /var/lib/postgresql /var/run/postgresql /etc/pgbouncer && chmod 3777 /var/run/postgresql'
  tar -C "$root" -cf "$root.tar" .
  mv "$root.tar" "$cache"
fi
podman import --change 'ENV PGDATA=/var/lib/postgresql/data' --change 'VOLUME /var/lib/postgresql/data' --change 'STOPSIGNAL SIGINT' \
  --change 'ENTRYPOINT ["postgres-entrypoint.sh"]' --change 'CMD ["postgres"]' --change 'EXPOSE 5432' \
  --change 'ENV PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin' "$cache" "$postgres_image" >&2
podman import --change 'USER postgres' --change 'ENTRYPOINT ["pgbouncer-entrypoint.sh"]' --change 'EXPOSE 5432' \
  --change 'CMD ["/usr/sbin/pgbouncer", "/etc/pgbouncer/pgbouncer.ini"]' \
  --change 'ENV PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin' "$cache" "$pgbouncer_image" >&2
