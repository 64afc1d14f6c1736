#!/bin/sh
# A lab by hand: virsh, ssh and docker calls in a row, all guests at once, from the same images.
#
#   plain-lab.sh up FOLDER     builds the lab; FOLDER holds what the benchmark wrote from the plan:
#                              settings.sh, hosts.xml, id_ed25519, known_hosts, and in a folder for each
#                              guest guest.sh, docker.sh, user-data, meta-data, network-config; there, and
#                              in host/, four files for each container: .files.sh, .create.sh, .image, .after
#   plain-lab.sh replace FOLDER  replaces one service's containers, one by one, by others with another environment
#   plain-lab.sh down FOLDER   removes it
#
# Prints "STAGE SECONDS" lines on standard output.
set -eu

folder=$2
. "$folder/settings.sh"

ssh_options="-i $folder/id_ed25519 -o UserKnownHostsFile=$folder/known_hosts -o StrictHostKeyChecking=yes
 -o ConnectTimeout=5 -o ControlMaster=auto -o ControlPath=$folder/ssh-%h -o ControlPersist=60"
guest() { ssh $ssh_options "root@$ADDRESS" "$@"; }
now() { date +%s.%N; }
stage() { echo "$1 $(echo "${3:-$(now)} - $2" | bc)"; }

down() {
    for name in $GUESTS; do
        . "$folder/$name/guest.sh"
        virsh destroy "$DOMAIN" && virsh undefine "$DOMAIN"
        for volume in root data seed; do virsh vol-delete "$name-$volume" --pool "$POOL"; done
    done
    docker rm -f "$REGISTRY" $BALANCERS
    for volume in base kernel initrd; do virsh vol-delete "$volume" --pool "$POOL"; done
    virsh pool-destroy "$POOL" && virsh pool-undefine "$POOL"
    virsh net-destroy "$NETWORK" && virsh net-undefine "$NETWORK"
    rm -rf "$POOL_PATH"
}

upload() {
    virsh vol-create-as "$POOL" "$1" "$(stat -c %s "$2")" --format "$3"
    virsh vol-upload "$1" "$2" --pool "$POOL"
}

up_host() {
    cat >"$folder/network.xml" <<XML
<network><name>$NETWORK</name><forward mode='nat'/><bridge name='$BRIDGE'/>
<ip address='$GATEWAY' netmask='255.255.255.0'><dhcp><range start='$DHCP_FIRST' end='$DHCP_LAST'/>
$(cat "$folder/hosts.xml")</dhcp></ip></network>
XML
    virsh net-define "$folder/network.xml" && virsh net-start "$NETWORK"
    virsh pool-define-as "$POOL" dir --target "$POOL_PATH" && virsh pool-build "$POOL" && virsh pool-start "$POOL"
    docker run -d --name "$REGISTRY" --user 65534:65534 --read-only --cap-drop ALL \
        -v "$REGISTRY_STORAGE:/var/lib/registry:ro" \
        -p "$GATEWAY:5000:5000" -p "127.0.0.1:$REGISTRY_LOOPBACK:5000" "$REGISTRY_IMAGE"
    upload base "$IMAGE_DISK" qcow2
    upload kernel "$IMAGE_KERNEL" raw
    upload initrd "$IMAGE_INITRD" raw
}

up_balancers() {
    for container in $BALANCERS; do
        sh -eu "$folder/host/$container.files.sh"
        until docker pull -q "$(cat "$folder/host/$container.image")"; do sleep 0.3; done
        sh -eu "$folder/host/$container.create.sh"
    done
}

start_guest() {
    name=$1
    . "$folder/$name/guest.sh"
    virsh vol-create-as "$POOL" "$name-root" "${DISK}M" --format qcow2 --backing-vol base --backing-vol-format qcow2
    virsh vol-create-as "$POOL" "$name-data" "${DATA}M" --format qcow2
    genisoimage -quiet -V cidata -J -r -o "$folder/$name/seed.iso" \
        "$folder/$name/user-data" "$folder/$name/meta-data" "$folder/$name/network-config"
    upload "$name-seed" "$folder/$name/seed.iso" raw
    cat >"$folder/$name/domain.xml" <<XML
<domain type='qemu'><name>$DOMAIN</name><memory unit='MiB'>$MEMORY</memory><vcpu>$VCPUS</vcpu>
<os><type machine='q35'>hvm</type><kernel>$POOL_PATH/kernel</kernel><initrd>$POOL_PATH/initrd</initrd>
<cmdline>$ARGUMENTS</cmdline></os>
<cpu mode='custom' match='exact' check='none'><model fallback='forbid'>Nehalem</model></cpu>
<features><acpi/><tcg><tb-cache unit='MiB'>256</tb-cache></tcg></features>
<devices>
<disk type='file' device='disk'><driver name='qemu' type='qcow2'/><source file='$POOL_PATH/$name-root'/><target dev='vda' bus='virtio'/></disk>
<disk type='file' device='disk'><driver name='qemu' type='qcow2'/><source file='$POOL_PATH/$name-data'/><target dev='vdb' bus='virtio'/></disk>
<disk type='file' device='disk'><driver name='qemu' type='raw'/><source file='$POOL_PATH/$name-seed'/><target dev='vdc' bus='virtio'/></disk>
<interface type='network'><mac address='$MAC'/><source network='$NETWORK'/><model type='virtio'/></interface>
<console type='pty'/></devices></domain>
XML
    virsh define "$folder/$name/domain.xml"
    virsh start "$DOMAIN"
}

healthy() { [ "$(guest docker inspect -f '{{.State.Health.Status}}' "$1")" = healthy ]; }

create() {
    { echo "CHANGED='${2:-}'" && cat "$folder/$name/$1.create.sh"; } | guest 'exec sh -eu'
}

up_services() {
    name=$1
    . "$folder/$name/guest.sh"
    until guest docker info 2>&1; do sleep 0.3; done
    now >"$folder/$name/answered"
    guest 'exec sh -eu' <"$folder/$name/docker.sh"
    for container in $CONTAINERS; do
        guest 'umask 077; exec sh -eu' <"$folder/$name/$container.files.sh"
        guest docker pull -q "$(cat "$folder/$name/$container.image")" &
    done
    wait
    for container in $CONTAINERS; do
        for other in $(cat "$folder/$name/$container.after"); do
            until healthy "$other"; do sleep 5; done
        done
        create "$container"
    done
    for container in $CONTAINERS; do
        until healthy "$container"; do sleep 5; done
    done
}

up() {
    begin=$(now)
    up_host
    start=$(now)
    for name in $GUESTS; do start_guest "$name"; done
    jobs=
    for name in $GUESTS; do
        up_services "$name" &
        jobs="$jobs $!"
    done
    up_balancers
    for job in $jobs; do wait "$job"; done
    until curl -fsS -o "$folder/page" "$PAGE"; do sleep 0.3; done
    answered=$(for name in $GUESTS; do cat "$folder/$name/answered"; done | sort -n | tail -1)
    stage guest "$start" "$answered"
    stage services "$answered"
    stage up "$begin"
}

replace() {
    for one in $REPLACED; do
        name=${one%/*}
        container=${one#*/}
        . "$folder/$name/guest.sh"
        guest docker rm -f "$container"
        create "$container" --env=BENCH=changed
        until healthy "$container"; do sleep 5; done
    done
}

# Only the stages go to standard output.
exec 3>&1 >&2
case $1 in
    up) up | tee "$folder/log" | grep -E '^(guest|services|up) [0-9.]+$' >&3 ;;
    replace) begin=$(now); replace; stage replace "$begin" >&3 ;;
    down) begin=$(now); down; stage down "$begin" >&3 ;;
esac
