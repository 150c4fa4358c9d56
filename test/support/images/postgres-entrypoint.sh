#!/bin/bash
# The environment contract of docker.io/library/postgres, as far as it is used: POSTGRES_USER, POSTGRES_PASSWORD(_FILE),
# POSTGRES_HOST_AUTH_METHOD, PGDATA; trust on the socket and on the container's own loopback, as there.
set -euo pipefail
[[ "${1:-postgres}" == -* ]] && set -- postgres "$@"
[ $# -eq 0 ] && set -- postgres
: "${POSTGRES_USER:=postgres}"
if [ -n "${POSTGRES_PASSWORD_FILE:-}" ]; then POSTGRES_PASSWORD="$(< "$POSTGRES_PASSWORD_FILE")"; unset POSTGRES_PASSWORD_FILE; fi
export PGDATA POSTGRES_USER POSTGRES_PASSWORD="${POSTGRES_PASSWORD:-}"
if [ "$(id -u)" = 0 ]; then
  mkdir -p "$PGDATA"; chmod 00700 "$PGDATA"; chown -R postgres:postgres "$PGDATA"
  exec setpriv --reuid=postgres --regid=postgres --init-groups "$0" "$@"
fi
if [ ! -s "$PGDATA/PG_VERSION" ]; then
  if [ -z "$POSTGRES_PASSWORD" ] && [ "${POSTGRES_HOST_AUTH_METHOD:-}" != trust ]; then
    echo "Error: Database is uninitialized and superuser password is not specified." >&2; exit 1
  fi
  initdb --username="$POSTGRES_USER" --pwfile=<(printf '%s\n' "$POSTGRES_PASSWORD") --encoding=UTF8 --locale=C.UTF-8
  echo "host all all all ${POSTGRES_HOST_AUTH_METHOD:-scram-sha-256}" >> "$PGDATA/pg_hba.conf"
  echo "listen_addresses = '*'" >> "$PGDATA/postgresql.conf"
  # The official image starts a server for its own set-up first, on the socket only: whoever waits must not be deceived by it.
  pg_ctl -D "$PGDATA" -o "$([ $# -eq 1 ] || printf '%q ' "${@:2}") -c listen_addresses=" -w start
  PGPASSWORD="$POSTGRES_PASSWORD" psql -v ON_ERROR_STOP=1 --no-password --no-psqlrc -U "$POSTGRES_USER" -d postgres -c 'SELECT 1'
  pg_ctl -D "$PGDATA" -m fast -w stop
fi
unset POSTGRES_PASSWORD
exec "$@"
