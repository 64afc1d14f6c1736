#!/bin/sh
set -eu
if [ "$(id -u)" = 0 ]; then
    mkdir -p /var/lib/mysql /run/mysqld
    chown -R mysql:mysql /var/lib/mysql /run/mysqld
    exec gosu mysql "$0" "$@"
fi
if [ ! -d /var/lib/mysql/mysql ]; then
    mariadb-install-db --skip-test-db --skip-name-resolve --datadir=/var/lib/mysql
    mariadbd --bootstrap <<SQL
FLUSH PRIVILEGES;
ALTER USER root@localhost IDENTIFIED BY '${MARIADB_ROOT_PASSWORD:?is not set}';
CREATE DATABASE ${MARIADB_DATABASE};
CREATE USER ${MARIADB_USER}@'%' IDENTIFIED BY '${MARIADB_PASSWORD}';
GRANT ALL ON ${MARIADB_DATABASE}.* TO ${MARIADB_USER}@'%';
SQL
fi
exec "$@" --bind-address=0.0.0.0
