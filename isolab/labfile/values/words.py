"""A command line in words, as Compose splits it: with a shell's quotes, but without a shell."""

from dataclasses import dataclass, field

BLANK = " \t\r\n"
ENDS = ";&|<>"
"""Behind one of these, outside of quotes, Compose reads no further: no shell takes it."""

BRACKETS = {"": "`()", "`": "`", ")": "()"}
"""What is open to what may open or close in it."""


@dataclass(slots=True)
class _Line:
    """What was read so far."""

    words: list[str] = field(default_factory=list[str])
    word: str = ""
    begun: bool = False
    """Whether there is a word, which may be empty in quotes."""
    within: str = ""
    """The quote, backquote or bracket that is open."""

    def add(self, letter: str) -> None:
        self.word += letter
        self.begun = True

    def end_word(self) -> None:
        if self.begun:
            self.words.append(self.word)
        self.word, self.begun = "", False


def split(line: str) -> tuple[tuple[str, ...], str]:
    """The words, and what Compose passes over behind them.

    Raises:
        ValueError: A quote is not closed, or a bracket stands where Compose takes none.
    """
    read = _Line()
    letters = iter(enumerate(line))
    for index, letter in letters:
        if letter == "\\" and read.within != "'":
            _, following = next(letters, (0, None))
            if following is None:
                raise ValueError("nothing follows the backslash at its end")
            read.add(following)
        elif letter in "\"'" and read.within in ("", letter):
            read.within = "" if read.within else letter
            read.begun = True
        elif letter in BRACKETS.get(read.within, ""):
            _bracket(read, letter)
        elif read.within:
            read.add(letter)
        elif letter in BLANK:
            read.end_word()
        elif letter in ENDS:
            if letter == ">" and read.word[:1].isdecimal():
                read.word, read.begun = "", False
            read.end_word()
            return tuple(read.words), line[index:]
        else:
            read.add(letter)
    if read.within:
        raise ValueError(f"{read.within} is not closed")
    read.end_word()
    return tuple(read.words), ""


def _bracket(read: _Line, letter: str) -> None:
    """What would be a command within the command: its words stay together."""
    if letter == "(" and (read.within or not read.word.endswith("$")):
        raise ValueError("( needs quotes around it")
    if letter == ")" and not read.within:
        raise ValueError(") needs quotes around it")
    read.within = "" if read.within else {"(": ")"}.get(letter, letter)
    read.add(letter)
