"""A lesson in the learner's language: GNU gettext's catalogues, one beside each lesson.

The English texts are the keys; `pt_BR.po` maps them.
"""

import os
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from pathlib import Path

import msgspec
import polib

from isolab.lessons.model import Claim, Lesson
from isolab.lessons.read import CATALOGUE

Say = Callable[[str], str]
"""From the English words to the learner's."""
ENGLISH = "en"
LANGUAGES = (ENGLISH, "pt_BR")
WORDS = Path(__file__).with_name("words")
"""The catalogues of what the tutor itself says, and of the words on drawings."""


def language(variables: Mapping[str, str] = os.environ) -> str:
    """The language that the environment asks for (POSIX: LC_ALL, then LC_MESSAGES, then LANG)."""
    asked = next((variables[n] for n in ("LC_ALL", "LC_MESSAGES", "LANG") if variables.get(n)), "")
    return next((known for known in LANGUAGES if known[:2] == asked[:2].lower() and asked), ENGLISH)


def words(language: str) -> Say:
    """What the tutor and the pages say, in that language: a function from the English words."""
    known: Mapping[str, str] = {} if language == ENGLISH else catalogue(WORDS / f"{language}.po")
    return lambda text: known.get(text, text)


def drawn(language: str) -> Say:
    """What stands on drawings, in that language."""
    return words(f"drawings.{language}") if language != ENGLISH else words(language)


def translatable(lesson: Lesson) -> Iterator[str]:
    """Every text of a lesson that a learner reads."""
    yield from (lesson.title, lesson.shows, lesson.text, lesson.why)
    yield from lesson.hints
    yield from (attempt.expect for attempt in lesson.tries)
    for question in lesson.questions:
        yield from (question.ask, question.answer)
    for claim in lesson.claims:
        yield from (claim.claim, claim.warning)
        if claim.plot:
            yield from (bar.label for bar in claim.plot.bars)


def translated(lesson: Lesson, language: str) -> Lesson:
    """The lesson with its texts in that language; what lacks a translation stays English."""
    if language == ENGLISH:
        return lesson
    folder = next(path for path in CATALOGUE.iterdir() if path.name.endswith(f"-{lesson.id}"))
    known = catalogue(folder / f"{language}.po")
    replace = msgspec.structs.replace

    def say(text: str) -> str:
        return known.get(text, text)

    def claim(claim: Claim) -> Claim:
        plot = claim.plot and replace(
            claim.plot, bars=tuple(replace(bar, label=say(bar.label)) for bar in claim.plot.bars)
        )
        return replace(claim, claim=say(claim.claim), warning=say(claim.warning), plot=plot)

    return replace(
        lesson,
        title=say(lesson.title),
        shows=say(lesson.shows),
        text=say(lesson.text),
        why=say(lesson.why),
        hints=tuple(map(say, lesson.hints)),
        tries=tuple(replace(t, expect=say(t.expect)) for t in lesson.tries),
        questions=tuple(replace(q, ask=say(q.ask), answer=say(q.answer)) for q in lesson.questions),
        claims=tuple(map(claim, lesson.claims)),
    )


@cache
def catalogue(file: Path) -> Mapping[str, str]:
    """The finished translations of a catalogue."""
    if not file.exists():
        return {}
    return {entry.msgid: entry.msgstr for entry in polib.pofile(str(file)).translated_entries()}
