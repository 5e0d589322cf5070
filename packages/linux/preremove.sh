#!/bin/sh
# Stops the service before the last of its files goes. An upgrade leaves it to the new package to restart it.
set -e
case "$1" in
  remove | deconfigure | 0)
    if [ -d /run/systemd/system ]; then systemctl --no-reload disable --now stator.service || true; fi
    ;;
esac
