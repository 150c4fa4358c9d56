#!/bin/sh
# The package's own source for apt, which is added only if the administrator says so. A line at the end calls one of the
# functions.
set -e
# A purge may come after debconf's own removal.
[ ! -e /usr/share/debconf/confmodule ] || . /usr/share/debconf/confmodule

question=instance-manager/add-source
source=/etc/apt/sources.list.d/instance-manager.sources

# Not one that the administrator has written or downloaded.
ours() {
  grep -qsxF '# Added by the package instance-manager.' "$source"
}

# As config.
ask() {
  [ ! -e "$source" ] || ours || return 0
  if [ "$1" = reconfigure ]; then # what is there counts, not an earlier answer
    if ours; then db_set "$question" true; else db_set "$question" false; fi
    db_fset "$question" added false
  fi
  db_input high "$question" || true
  db_go || true
}

# As postinst. Added once: if the administrator deletes the source, an upgrade doesn't bring it back.
carry_out() {
  db_get "$question"
  answer=$RET
  db_fget "$question" added
  if [ "$answer" != true ]; then
    ! ours || rm "$source"
  elif [ "$RET" != true ] && [ ! -e "$source" ]; then
    install -m 644 /usr/share/instance-manager/apt.sources "$source.dpkg-new"
    mv "$source.dpkg-new" "$source"
  fi
  db_fset "$question" added "$answer"
  db_stop
}

# As postrm: the source's key goes with the package.
forget() {
  case $1 in remove | purge)
    ! ours || rm "$source"
    [ ! -e /usr/share/debconf/confmodule ] || db_purge
    ;;
  esac
}
