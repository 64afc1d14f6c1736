#!/bin/sh
set -eu
if [ "$(id -u)" = 0 ]; then
    mkdir -p "$PGDATA" /run/postgresql
    chmod 700 "$PGDATA"
    chown -R postgres "$PGDATA" /run/postgresql
    exec gosu postgres "$0" "$@"
fi
if [ ! -s "$PGDATA/PG_VERSION" ]; then
    user=${POSTGRES_USER:-postgres}
    echo "${POSTGRES_PASSWORD:?is not set}" > /tmp/password
    initdb --no-sync --locale=C --username="$user" --pwfile=/tmp/password --auth-local=trust --auth-host=scram-sha-256
    rm /tmp/password
    echo "host all all all scram-sha-256" >> "$PGDATA/pg_hba.conf"
    echo "listen_addresses = '*'" >> "$PGDATA/postgresql.conf"
    pg_ctl --wait -o "-c listen_addresses=''" start
    [ "${POSTGRES_DB:-$user}" = postgres ] || createdb --username="$user" "${POSTGRES_DB:-$user}"
    for file in /docker-entrypoint-initdb.d/*.sql; do
        [ ! -f "$file" ] || psql --username="$user" --dbname="${POSTGRES_DB:-$user}" --file="$file"
    done
    pg_ctl --wait --mode=fast stop
fi
exec "$@"
