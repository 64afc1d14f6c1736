#!/bin/sh
# Makes a guest of an unpacked Debian: prepare.sh ROOTFS
set -eu
root=$1
here=$(dirname "$0")

cp -R "$here/common/." "$here/prepared/." "$root/"
chmod 755 "$root/usr/local/lib/isolab/"*
grep -v '^#' "$here/masked.txt" | xargs chroot "$root" systemctl --quiet mask
chroot "$root" systemctl --quiet enable cloud-init-local systemd-networkd docker containerd ssh isolab-root-disk isolab-clock.timer

# Without PAM sshd refuses a root whose password is locked with "!"; "*" is as unusable.
chroot "$root" usermod -p '*' root

rm -f "$root/etc/ssh/"ssh_host_* "$root/etc/resolv.conf" "$root/etc/hostname" \
    "$root/etc/apt/apt.conf.d/99mmdebstrap" \
    "$root/lib/systemd/system-generators/"*
rm -rf "$root/boot/"initrd* "$root/var/lib/apt/lists/"* "$root/var/cache/"* "$root/var/log/"* \
    "$root/usr/share/doc" "$root/usr/share/man" "$root/usr/share/locale" "$root/usr/share/i18n"
mkdir -p "$root/var/log" "$root/var/cache/apt/archives/partial" "$root/var/lib/apt/lists/partial"
: >"$root/etc/machine-id"
: >"$root/etc/fstab"
printf '127.0.0.1 localhost\n' >"$root/etc/hosts"
