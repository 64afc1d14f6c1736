# Runs in the virtual machine: starts each domain that it was given, and says what became of it.
# Lines are NAME=VALUE; of a domain they begin with its file's name.
pool=/var/lib/libvirt/isolab/test
echo "apparmor=$(cat /sys/module/apparmor/parameters/enabled)"
echo "model=$(virsh capabilities | sed -n 's:.*<model>\(apparmor\)</model>.*:\1:p')"
virsh -q pool-define-as isolab-test dir --target "$pool"
virsh -q pool-build isolab-test
echo "mode=$(stat -c %a "$pool")"
virsh -q pool-start isolab-test
(
    cd "$pool"
    umask 077
    qemu-img create -q -f qcow2 base 64M
    qemu-img create -q -f qcow2 -b "$pool/base" -F qcow2 app-1-root 64M
    qemu-img create -q -f qcow2 app-1-data 64M
    truncate -s 1M app-1-cidata.iso
    cp /boot/vmlinuz-* kernel
    cp /boot/initrd.img-* initrd
    chmod 644 base kernel initrd
)
virsh -q pool-refresh isolab-test
hooks=/etc/libvirt/hooks/network.d
install -D -m 755 -t "$hooks" isolab isolab-containers
printf '#!/bin/sh\necho "$@" >>/run/asked\n' >/usr/bin/docker
chmod 755 /usr/bin/docker
systemctl restart libvirtd
virsh -q net-define lab-network.xml
virsh -q net-start a-lab 2>&1 | tr '\n' ' ' | sed 's:^:hook.start=:'
echo
echo "hook.table=$(nft list tables inet)"
sleep 10
echo "hook.docker=$(head -n 1 /run/asked)"
virsh -q net-destroy a-lab
echo "hook.left=$(nft list tables inet)"
journalctl -q -g 'apparmor="DENIED"' -o cat | sed 's:^:hook.denied=:'
printf '<network><name>a-network</name><bridge name="virbr9"/></network>' >network.xml
virsh -q net-define network.xml
virsh -q net-start a-network
for file in *.domain; do
    name=${file%.domain}
    since=$(date '+%Y-%m-%d %H:%M:%S')
    virsh -q define "$file"
    virsh -q start isolab-test-app-1 2>&1 | tr '\n' ' ' | sed "s:^:$name.start=:"
    echo
    sleep 5
    echo "$name.state=$(virsh domstate isolab-test-app-1)"
    sed "s:^ *:$name.profile=:" /etc/apparmor.d/libvirt/libvirt-*.files
    virsh -q destroy isolab-test-app-1
    virsh -q undefine isolab-test-app-1
    journalctl -q --since "$since" -g 'apparmor="DENIED"' -o cat | sed "s:^:$name.denied=:"
done
echo end=yes
