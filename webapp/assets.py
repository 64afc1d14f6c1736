"""The files that the page loads: its own, the drawing's styles, and xterm.js from the cache."""

from pathlib import Path

from starlette.responses import Response

from isolab.draw.svg import page_styles

_HERE = Path(__file__).with_name("static")
TYPES = {".js": "text/javascript", ".mjs": "text/javascript", ".css": "text/css"}
DRAWING = "drawing.css"


class Assets:
    """What is served beside pages.

    Args:
        xterm: The folder with the files of xterm.js; None where they are not on this machine.
    """

    def __init__(self, xterm: Path | None) -> None:
        folders = [_HERE] if xterm is None else [_HERE, xterm]
        self._files = {
            file.name: file
            for folder in folders
            for file in folder.iterdir()
            if file.suffix in TYPES
        }

    def answer(self, name: str) -> Response:
        """The file with this name: of those that there are, whatever the name says."""
        if name == DRAWING:
            return Response(page_styles(".drawing"), media_type=TYPES[".css"])
        file = self._files.get(name)
        if file is None:
            return Response(status_code=404)
        return Response(file.read_bytes(), media_type=TYPES[file.suffix])
