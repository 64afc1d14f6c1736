#!/bin/sh
# The reference lab by hand: virsh, ssh and docker calls in a row, from the same images.
#
#   plain-lab.sh up FOLDER     builds the lab; FOLDER holds what the benchmark wrote from the plan:
#                              settings.sh, user-data, meta-data, network-config, id_ed25519, known_hosts
#   plain-lab.sh replace FOLDER  replaces the web container by one with another environment
#   plain-lab.sh down FOLDER   removes it
#
# Prints "STAGE SECONDS" lines on standard output.
set -eu

folder=$2
. "$folder/settings.sh"

ssh_options="-i $folder/id_ed25519 -o UserKnownHostsFile=$folder/known_hosts -o StrictHostKeyChecking=yes
 -o ConnectTimeout=5 -o ControlMaster=auto -o ControlPath=$folder/ssh -o ControlPersist=60"
guest() { ssh $ssh_options "root@$ADDRESS" "$@"; }
now() { date +%s.%N; }
stage() { echo "$1 $(echo "$(now) - $2" | bc)"; }

down() {
    virsh destroy "$DOMAIN" && virsh undefine "$DOMAIN"
    docker rm -f "$REGISTRY"
    for volume in root data seed base kernel initrd; do virsh vol-delete "$volume" --pool "$POOL"; done
    virsh pool-destroy "$POOL" && virsh pool-undefine "$POOL"
    virsh net-destroy "$NETWORK" && virsh net-undefine "$NETWORK"
    rm -rf "$POOL_PATH"
}

upload() {
    virsh vol-create-as "$POOL" "$1" "$(stat -c %s "$2")" --format "$3"
    virsh vol-upload "$1" "$2" --pool "$POOL"
}

up() {
    begin=$(now)
    cat >"$folder/network.xml" <<XML
<network><name>$NETWORK</name><forward mode='nat'/><bridge name='$BRIDGE'/>
<ip address='$GATEWAY' netmask='255.255.255.0'><dhcp><range start='$DHCP_FIRST' end='$DHCP_LAST'/>
<host mac='$MAC' name='$GUEST' ip='$ADDRESS'/></dhcp></ip></network>
XML
    virsh net-define "$folder/network.xml" && virsh net-start "$NETWORK"
    virsh pool-define-as "$POOL" dir --target "$POOL_PATH" && virsh pool-build "$POOL" && virsh pool-start "$POOL"
    docker run -d --name "$REGISTRY" --user 65534:65534 --read-only --cap-drop ALL \
        -v "$REGISTRY_STORAGE:/var/lib/registry:ro" -p "$GATEWAY:5000:5000" "$REGISTRY_IMAGE"
    upload base "$IMAGE_DISK" qcow2
    upload kernel "$IMAGE_KERNEL" raw
    upload initrd "$IMAGE_INITRD" raw
    virsh vol-create-as "$POOL" root "${DISK}M" --format qcow2 --backing-vol base --backing-vol-format qcow2
    virsh vol-create-as "$POOL" data "${DATA}M" --format qcow2
    genisoimage -quiet -V cidata -J -r -o "$folder/seed.iso" \
        "$folder/user-data" "$folder/meta-data" "$folder/network-config"
    upload seed "$folder/seed.iso" raw
    cat >"$folder/domain.xml" <<XML
<domain type='qemu'><name>$DOMAIN</name><memory unit='MiB'>$MEMORY</memory><vcpu>$VCPUS</vcpu>
<os><type machine='q35'>hvm</type><kernel>$POOL_PATH/kernel</kernel><initrd>$POOL_PATH/initrd</initrd>
<cmdline>$ARGUMENTS</cmdline></os>
<cpu mode='custom' match='exact' check='none'><model fallback='forbid'>Nehalem</model></cpu>
<features><acpi/><tcg><tb-cache unit='MiB'>256</tb-cache></tcg></features>
<devices>
<disk type='file' device='disk'><driver name='qemu' type='qcow2'/><source file='$POOL_PATH/root'/><target dev='vda' bus='virtio'/></disk>
<disk type='file' device='disk'><driver name='qemu' type='qcow2'/><source file='$POOL_PATH/data'/><target dev='vdb' bus='virtio'/></disk>
<disk type='file' device='disk'><driver name='qemu' type='raw'/><source file='$POOL_PATH/seed'/><target dev='vdc' bus='virtio'/></disk>
<interface type='network'><mac address='$MAC'/><source network='$NETWORK'/><model type='virtio'/></interface>
<console type='pty'/></devices></domain>
XML
    virsh define "$folder/domain.xml"
    start=$(now)
    virsh start "$DOMAIN"
    until guest docker info 2>&1; do sleep 0.3; done
    stage guest "$start"
    begin_services=$(now)
    for script in "$folder"/files-*.sh; do guest 'umask 077; exec sh -eu' <"$script"; done
    guest docker network create front
    guest docker network create --internal back
    guest docker volume create data
    guest docker pull -q "$DB_IMAGE" & guest docker pull -q "$WEB_IMAGE" & wait
    guest docker run -d $DB_RUN "$DB_IMAGE"
    until [ "$(guest docker inspect -f '{{.State.Health.Status}}' db-1)" = healthy ]; do sleep 0.3; done
    run_web
    until curl -fsS -o "$folder/page" "http://$ADDRESS:8080/"; do sleep 0.3; done
    stage services "$begin_services"
    stage up "$begin"
}

run_web() {
    guest docker create $WEB_RUN "$@" "$WEB_IMAGE"
    guest docker network connect back web-1
    guest docker start web-1
    until [ "$(guest docker inspect -f '{{.State.Health.Status}}' web-1)" = healthy ]; do sleep 0.3; done
}

replace() {
    guest docker rm -f web-1
    run_web --env=BENCH=changed
}

# Only the stages go to standard output.
exec 3>&1 >&2
case $1 in
    up) up | tee "$folder/log" | grep -E '^(guest|services|up) [0-9.]+$' >&3 ;;
    replace) begin=$(now); replace; stage replace "$begin" >&3 ;;
    down) begin=$(now); down; stage down "$begin" >&3 ;;
esac
