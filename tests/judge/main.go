// Prints compose files as compose-go, the loader of docker compose, reads them: a line of JSON a file.
package main

import (
	"bufio"
	"context"
	"encoding/json"
	"os"
	"path/filepath"

	"github.com/compose-spec/compose-go/v2/cli"
	"github.com/compose-spec/compose-go/v2/types"
)

type answer struct {
	Project *types.Project `json:"project,omitempty"`
	Error   string         `json:"error,omitempty"`
}

// Resolves one file, with the variables of the .env beside it and none of the caller's.
func resolve(file string) (*types.Project, error) {
	// A label_file is looked for where the program runs.
	if err := os.Chdir(filepath.Dir(file)); err != nil {
		return nil, err
	}
	options, err := cli.NewProjectOptions(
		[]string{file},
		cli.WithWorkingDirectory(filepath.Dir(file)),
		cli.WithEnvFiles(),
		cli.WithDotEnv,
		cli.WithDefaultProfiles(),
	)
	if err != nil {
		return nil, err
	}
	return options.LoadProject(context.Background())
}

// Names of files come on standard input, a line each.
func main() {
	lines := bufio.NewScanner(os.Stdin)
	printed := json.NewEncoder(os.Stdout)
	for lines.Scan() {
		project, err := resolve(lines.Text())
		said := answer{Project: project}
		if err != nil {
			said = answer{Error: err.Error()}
		}
		if err := printed.Encode(said); err != nil {
			panic(err)
		}
	}
}
