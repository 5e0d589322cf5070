#!/bin/sh
# Makes the service's user. Nothing is started or enabled: an administrator decides on the settings first.
set -e
if command -v systemd-sysusers >/dev/null; then
  systemd-sysusers /usr/lib/sysusers.d/stator.conf
elif ! getent passwd stator >/dev/null; then
  useradd --system --home-dir /var/lib/stator --shell /usr/sbin/nologin stator
fi
# The settings may name passwords.
chown root:stator /etc/stator/stator.env
chmod 0640 /etc/stator/stator.env
if [ -d /run/systemd/system ]; then
  systemctl daemon-reload
  # An upgrade: the new program serves.
  systemctl try-restart stator.service || true
fi
