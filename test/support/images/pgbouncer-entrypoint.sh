#!/bin/bash
# The environment contract of docker.io/edoburu/pgbouncer, as far as it is used: its configuration as mounted,
# or written from DATABASE_URL (postgres://user:password@host:port/*) and AUTH_TYPE.
set -euo pipefail
folder=/etc/pgbouncer
if [ ! -f "$folder/pgbouncer.ini" ]; then
  [[ "$DATABASE_URL" =~ ^postgres(ql)?://([^:]+):([^@]+)@([^:/]+):?([0-9]*)/(.*)$ ]]
  user="${BASH_REMATCH[2]}" password="${BASH_REMATCH[3]}" host="${BASH_REMATCH[4]}" port="${BASH_REMATCH[5]}" database="${BASH_REMATCH[6]}"
  if [ "${AUTH_TYPE:-md5}" != scram-sha-256 ]; then password="md5$(printf %s "$password$user" | md5sum | cut -d ' ' -f 1)"; fi
  printf '"%s" "%s"\n' "$user" "$password" > "$folder/userlist.txt"
  cat > "$folder/pgbouncer.ini" <<INI
[databases]
${database:-*} = host=$host port=${port:-5432} auth_user=$user
[pgbouncer]
listen_addr = 0.0.0.0
listen_port = 5432
unix_socket_dir =
auth_file = $folder/userlist.txt
auth_type = ${AUTH_TYPE:-md5}
ignore_startup_parameters = extra_float_digits
INI
fi
exec "$@"
