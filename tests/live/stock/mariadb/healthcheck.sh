#!/bin/sh
exec mariadb --user="$MARIADB_USER" --password="$MARIADB_PASSWORD" --host=127.0.0.1 --execute 'SELECT 1' "$MARIADB_DATABASE"
