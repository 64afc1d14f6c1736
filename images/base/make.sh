#!/bin/sh
# Makes the layer under all service images: Debian's essential packages and apt, nothing to read.
# usage: make.sh SUITE OUT.tar [SOURCE…]   (SOURCE: a line of apt's sources to take the packages from)
set -eu
suite=$1 out=$2 here=$(dirname "$0")
shift 2
exec mmdebstrap \
    --variant=apt \
    --include=usr-is-merged \
    --hook-dir=/usr/share/mmdebstrap/hooks/merged-usr \
    --dpkgopt="$here/dpkg.cfg" \
    --aptopt='APT::Install-Recommends "false"' \
    --aptopt='Acquire::Languages "none"' \
    --customize-hook="copy-in $here/install-packages /usr/local/sbin" \
    --customize-hook='rm -rf "$1"/var/cache/debconf/*-old "$1"/var/lib/dpkg/*-old "$1"/var/log/*.log "$1"/var/log/apt' \
    "$suite" "$out" "$@"
