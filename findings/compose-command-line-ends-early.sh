#!/bin/sh
# A command line ends at the first unquoted ; & | < or >, and nobody is told what was left out.
#
# Package:   github.com/compose-spec/compose-go/v2 v2.16.2, the loader of Docker Compose, which splits
#            lines by github.com/mattn/go-shellwords v1.0.12.
# Behaviour: `command: migrate && serve` is loaded as [migrate]: no error, no warning. Of `log 2>&1` the 2
#            goes, too. The Compose Specification says that a line is no shell's, so && could have been
#            an argument, as it is where `docker run` gets it, or an error, as `serve (a)` is.
# Effect:    the container runs the first command alone. Where that ends with 0, depends_on with
#            service_completed_successfully holds, and what was to follow never ran.
# Seen:      2026-11-28, go 1.26:
#
#     migrate && serve: [migrate]
#     serve --keys=a;b --port 80: [serve --keys=a]
#     serve 2>&1 | tee log: [serve]
#     serve 'a;b': [serve a;b]
#     serve (a): invalid command line string
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
	"strings"

	"github.com/compose-spec/compose-go/v2/cli"
)

func main() {
	for _, line := range os.Args[1:] {
		fmt.Printf("%s: %s\n", line, read(line))
	}
}

func read(line string) string {
	text := "services:\n  web:\n    image: any\n    command: >-\n      " + line + "\n"
	if err := os.WriteFile("file.yaml", []byte(text), 0o600); err != nil {
		return err.Error()
	}
	options, err := cli.NewProjectOptions([]string{"file.yaml"}, cli.WithName("finding"))
	if err != nil {
		return err.Error()
	}
	project, err := options.LoadProject(context.Background())
	if err != nil {
		if strings.Contains(err.Error(), "invalid command line string") {
			return "invalid command line string"
		}
		return err.Error()
	}
	return fmt.Sprint(project.Services["web"].Command)
}
PROGRAM
GOFLAGS=-mod=mod go build -o finding . >log 2>&1 || { tail -n 3 log >&2; exit 3; }
./finding 'migrate && serve' 'serve --keys=a;b --port 80' 'serve 2>&1 | tee log' "serve 'a;b'" 'serve (a)' >seen
cat seen
cat >expected <<'SEEN'
migrate && serve: [migrate]
serve --keys=a;b --port 80: [serve --keys=a]
serve 2>&1 | tee log: [serve]
serve 'a;b': [serve a;b]
serve (a): invalid command line string
SEEN
cmp -s seen expected || { echo "it changed: expected" >&2; cat expected >&2; exit 1; }
