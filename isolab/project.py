"""The files of a new project of the user's own: a Pulumi program around a lab file, and its CI."""

from collections.abc import Mapping

_PULUMI = """\
# The program: a lab, and whatever else of Pulumi's resources you add. docs/package.md in isolab's
# repository has the inputs and outputs of Lab.
#   pulumi config set --secret isolab:seed $(openssl rand -hex 32)
#   pulumi preview
name: {name}
description: The lab of {name}.yaml
runtime: yaml
packages:
  # The folder `package` of a clone of isolab, in which ./lab up has prepared this machine.
  isolab: ../isolab/package
resources:
  lab:
    type: isolab:Lab
    properties:
      file: {name}.yaml
outputs:
  endpoints: ${{lab.endpoints}}
  sshCommands: ${{lab.sshCommands}}
"""
_IGNORED = """\
# What Pulumi writes here: package SDKs, and state and passphrases of a login to this folder.
/sdks/
/.pulumi/
# Variables of lab files: often passwords.
.env
"""
_CI = """\
# An example: every push checks the lab file, and its drawing is in the job's summary.
name: lab
on: [push, pull_request]
env:
  # Where your isolab comes from: its wheel, or its git repository with a tag.
  ISOLAB: isolab @ git+https://git.example.org/isolab@v{version}
jobs:
  check:
    runs-on: ubuntu-latest
    steps:
      - uses: actions/checkout@v4
      - uses: actions/setup-python@v5
        with: {{python-version: "3.12"}}
      - run: pip install "$ISOLAB"
      - run: isolab validate {name}.yaml
      - run: |
          {{ echo '```mermaid'; isolab draw {name}.yaml --format mermaid; echo '```'; }} >> "$GITHUB_STEP_SUMMARY"
"""  # noqa: E501


def files(name: str, version: str) -> Mapping[str, str]:
    """Path in the project to its text."""
    texts = {"Pulumi.yaml": _PULUMI, ".gitignore": _IGNORED, ".github/workflows/lab.yaml": _CI}
    return {
        path: text if path == ".gitignore" else text.format(name=name, version=version)
        for path, text in texts.items()
    }
