#!/bin/sh
# Makes the service's user. Nothing is started or enabled: an administrator decides on the settings first.
set -e
if command -v systemd-sysusers >/dev/null; then
  systemd-sysusers /usr/lib/sysusers.d/stator.conf
elif ! getent passwd stator >/dev/null; then
  useradd --system --home-dir /var/lib/stator --shell /usr/sbin/nologin stator
fi
# Before the service has begun: `stator init` makes the first account there.
install -d -m 0700 -o stator -g stator /var/lib/stator
# The settings may name passwords.
if [ -f /etc/stator/stator.env ]; then
  chown root:stator /etc/stator/stator.env
  chmod 0640 /etc/stator/stator.env
fi
if [ -d /run/systemd/system ]; then
  systemctl daemon-reload
  # An upgrade: the new program serves.
  systemctl try-restart stator.service || true
fi
