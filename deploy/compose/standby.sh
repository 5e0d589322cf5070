#!/usr/bin/env bash
# The standby: a base backup of the primary at the first start; later starts use the data directory as it is.
set -euo pipefail

if [ ! -s "$PGDATA/PG_VERSION" ]; then
  until pg_basebackup --pgdata="$PGDATA" --write-recovery-conf --checkpoint=fast --slot=standby \
    --dbname="user=replicator application_name=standby"; do
    echo "waiting for the primary"
    sleep 1
  done
  # After its promotion no other server has its writes: it waits for no standby until it has one of its own.
  echo "synchronous_standby_names = ''" >> "$PGDATA/postgresql.auto.conf"
fi
chmod 0700 "$PGDATA"
exec "$@"
