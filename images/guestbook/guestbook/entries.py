"""What an entry is, and what makes one acceptable."""

from dataclasses import dataclass
from datetime import datetime

NAME_LENGTH = 60
TEXT_LENGTH = 1000


@dataclass(frozen=True, kw_only=True, slots=True)
class Entry:
    """What one person left."""

    name: str
    text: str
    posted: datetime
    """In UTC."""
    served_by: str
    """The replica that took it."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Draft:
    """An entry as it comes from a person."""

    name: str
    text: str

    @classmethod
    def of(cls, name: str, text: str) -> "Draft":
        """With the blanks removed that nobody meant."""
        return cls(name=" ".join(name.split()), text=text.strip().replace("\r\n", "\n"))

    def problem(self) -> str | None:
        """What the person has to change; None when it can be stored."""
        if not self.name:
            return "Please say who you are."
        if not self.text:
            return "Please write something."
        if len(self.name) > NAME_LENGTH:
            return f"The name is too long: {len(self.name)} of {NAME_LENGTH} characters."
        if len(self.text) > TEXT_LENGTH:
            return f"The text is too long: {len(self.text)} of {TEXT_LENGTH} characters."
        return None
