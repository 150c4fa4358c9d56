#!/bin/sh
# Without arguments: the window, or help if there is no display. With `--screen=PATH`: the window with that screen.
# With other arguments: the command line.
set -eu
home=$(dirname "$(dirname "$(readlink -f "$0")")")

# Whether this version of Node.js can run instances: 20.19 or newer.
recent() {
  major=${1#v} minor=${1#*.}
  major=${major%%.*} minor=${minor%%.*}
  [ "${major:-0}" -gt 20 ] || { [ "${major:-0}" -eq 20 ] && [ "$minor" -ge 19 ]; }
}

# Instances and tools run on the Node.js of this PATH, else on the one that comes with us.
if recent "$(node --version 2>/dev/null || true)"; then
  PATH=$PATH:$home/node/bin
else
  PATH=$home/node/bin:$PATH
fi
export PATH

case ${1:-} in '' | --screen=*)
  if [ -n "${DISPLAY:-}${WAYLAND_DISPLAY:-}" ]; then
    # Chromium's warnings (no D-Bus, no GPU) mean nothing to an operator; fatal errors are still shown.
    set -- "$@" --log-level=3
    [ -n "${DISPLAY:-}" ] || set -- "$@" --ozone-platform=wayland
    if [ "$(id -u)" -eq 0 ]; then
      echo 'Running as root, so without Chromium’s sandbox.' >&2
      set -- "$@" --no-sandbox
    fi
    exec "$home/instance-manager" "$@"
  fi
  set -- --help
  ;;
esac
exec "$home/node/bin/node" "$home/resources/app/out/main/cli.cjs" "$@"
