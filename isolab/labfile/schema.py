"""The lab file's JSON Schema, made from the readers that read it."""

from isolab.labfile import read
from isolab.labfile.values.shape import Shape, describe

DIALECT = "https://json-schema.org/draft/2020-12/schema"


def schema() -> Shape:
    """What editors need to complete and check a lab file.

    It is the shape of the file alone: that names exist, ports are free and memory suffices is for
    `./lab validate` to say.
    """
    shape = describe(read.lab)
    return {"$schema": DIALECT, **shape, "title": "isolab lab file", "type": "object"}
