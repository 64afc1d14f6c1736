#!/bin/sh
# A network may not have a name that begins with x-, though a volume and a service may.
#
# Package:   github.com/compose-spec/compose-go/v2 v2.16.2, the loader of Docker Compose.
# Behaviour: a service that names the network `x-lan`, which the file declares, is refused: it "refers
#            to undefined network #extensions". The network is taken for an extension, also where the
#            service lists it. A volume and a service called x-lan are loaded as they are. The
#            schema of the Compose Specification allows the three names by one pattern.
# Effect:    who writes or generates compose files has one more name to keep away from, in one section
#            alone, and the message names a network that no file has.
# Seen:      2026-11-27, go 1.26:
#
#     network lan: loaded
#     network x-lan: service "web" refers to undefined network #extensions: invalid compose project
#     volume x-lan: loaded
#     service x-lan: loaded
#
# Exit code 0: as described; 1: it changed; 3: Go or the module is not to be had.
set -eu

command -v go >/dev/null || { echo "needs Go" >&2; exit 3; }
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
cat >go.mod <<'MODULE'
module finding

go 1.24

require github.com/compose-spec/compose-go/v2 v2.16.2
MODULE
cat >main.go <<'PROGRAM'
package main

import (
	"context"
	"fmt"
	"os"

	"github.com/compose-spec/compose-go/v2/cli"
)

func main() {
	options, err := cli.NewProjectOptions(os.Args[1:], cli.WithName("finding"))
	if err == nil {
		_, err = options.LoadProject(context.Background())
	}
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println("loaded")
}
PROGRAM
GOFLAGS=-mod=mod go build -o finding . >log 2>&1 || { tail -n 3 log >&2; exit 3; }
network() {
    printf 'services:\n  web: {image: any, networks: [%s]}\nnetworks:\n  %s: {}\n' "$1" "$1" >file.yaml
}
network lan
echo "network lan: $(./finding file.yaml)" >seen
network x-lan
echo "network x-lan: $(./finding file.yaml)" >>seen
printf 'services:\n  web: {image: any, volumes: ["x-lan:/data"]}\nvolumes:\n  x-lan: {}\n' >file.yaml
echo "volume x-lan: $(./finding file.yaml)" >>seen
printf 'services:\n  x-lan: {image: any}\n  web: {image: any, depends_on: [x-lan]}\n' >file.yaml
echo "service x-lan: $(./finding file.yaml)" >>seen
cat seen
cat >expected <<'SEEN'
network lan: loaded
network x-lan: service "web" refers to undefined network #extensions: invalid compose project
volume x-lan: loaded
service x-lan: loaded
SEEN
cmp -s seen expected || { echo "it changed: expected" >&2; cat expected >&2; exit 1; }
