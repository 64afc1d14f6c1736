#!/bin/sh
# A TCP port that is published twice changes its order each time it is sorted.
#
# Package:   github.com/docker/go-connections v0.6.0, nat.SortPortMap, by which dockerd orders what a
#            container publishes before it starts it.
# Behaviour: two bindings of one TCP port come out in the reverse of the order in which they went in,
#            at every call; of one UDP port they come out by the port outside, the higher one first,
#            and stay so. The comparison calls either of two TCP bindings the smaller one, so no order
#            of them is the sorted one.
# Effect:    a client that hands over a list of published ports and reads it back from a running
#            container never reads what it handed over, whichever order it chooses.
# Seen:      2026-11-27, go 1.26, also with v0.4.0 and v0.5.0:
#
#     tcp: 8001 8002 -> 8002 8001 -> 8001 8002 -> 8002 8001
#     udp: 8001 8002 -> 8002 8001 -> 8002 8001 -> 8002 8001
#
# Exit code 0: as described; 1: it changed; 3: Go or the module is not to be had.
set -eu

command -v go >/dev/null || { echo "needs Go" >&2; exit 3; }
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
cat >go.mod <<'MODULE'
module finding

go 1.21

require github.com/docker/go-connections v0.6.0
MODULE
cat >main.go <<'PROGRAM'
package main

import (
	"fmt"

	"github.com/docker/go-connections/nat"
)

func main() {
	for _, protocol := range []string{"tcp", "udp"} {
		port := nat.Port("80/" + protocol)
		published := nat.PortMap{port: {{HostPort: "8001"}, {HostPort: "8002"}}}
		fmt.Print(protocol, ":")
		show(published[port])
		for i := 0; i < 3; i++ {
			nat.SortPortMap([]nat.Port{port}, published)
			fmt.Print(" ->")
			show(published[port])
		}
		fmt.Println()
	}
}

func show(bindings []nat.PortBinding) {
	for _, binding := range bindings {
		fmt.Print(" ", binding.HostPort)
	}
}
PROGRAM
GOFLAGS=-mod=mod go build -o finding . >log 2>&1 || { tail -n 3 log >&2; exit 3; }
./finding | tee seen
cat >expected <<'SEEN'
tcp: 8001 8002 -> 8002 8001 -> 8001 8002 -> 8002 8001
udp: 8001 8002 -> 8002 8001 -> 8002 8001 -> 8002 8001
SEEN
cmp -s seen expected || { echo "it changed: expected" >&2; cat expected >&2; exit 1; }
