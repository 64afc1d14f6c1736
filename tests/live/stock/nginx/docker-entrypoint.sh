#!/bin/sh
set -eu
for template in /etc/nginx/templates/*.template; do
    [ -f "$template" ] || continue
    names=$(env | sed -n 's/^\([A-Z_]*\)=.*/${\1}/p' | tr '\n' ' ')
    envsubst "$names" < "$template" > "/etc/nginx/conf.d/$(basename "$template" .template)"
done
exec "$@"
