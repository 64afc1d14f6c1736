"""Every lesson follows the conventions, in every language."""

import re
import shlex
from dataclasses import replace
from pathlib import Path

import polib
import pytest

from isolab.lessons import read, texts
from isolab.lessons.commands import commands
from isolab.lessons.model import STACK, Claim, Lesson
from isolab.lessons.variables import VARIABLE
from isolab.plan.model import Plan, Surroundings
from isolab.plan.read import plan_file

REPO = Path(__file__).parents[2]
LESSONS = read.catalogue()
FOLDERS = read.folders()
IDS = [lesson.id for lesson in LESSONS]
CLAIMS = [(lesson, claim) for lesson in LESSONS for claim in lesson.claims]
CLAIM_IDS = [f"{lesson.id}-{claim.id}" for lesson, claim in CLAIMS]
TRANSLATIONS = [language for language in texts.LANGUAGES if language != texts.ENGLISH]


def test_there_is_a_course() -> None:
    assert len(LESSONS) >= 14
    assert len(set(IDS)) == len(IDS)
    numbers = [folder.name.partition("-")[0] for folder in FOLDERS]
    assert numbers == [f"{number:02}" for number in range(1, len(FOLDERS) + 1)]


@pytest.mark.parametrize("lesson", LESSONS, ids=IDS)
def test_a_lesson_has_all_its_parts(lesson: Lesson) -> None:
    assert lesson.tries and lesson.questions and lesson.hints and lesson.claims
    assert lesson.stack == "reference" or lesson.why
    assert len({claim.id for claim in lesson.claims}) == len(lesson.claims)


@pytest.mark.parametrize(("lesson", "claim"), CLAIMS, ids=CLAIM_IDS)
def test_a_claim_has_a_control_a_check_and_a_mutation(lesson: Lesson, claim: Claim) -> None:
    assert claim.control and claim.check and claim.mutation.why
    broken = claim.mutation
    assert broken.container or broken.places or broken.variables or broken.before
    assert set(broken.variables) <= set(lesson.variables), "a mutation changes what is there"
    if broken.before and not broken.container:
        assert broken.after


@pytest.mark.parametrize("lesson", LESSONS, ids=IDS)
def test_what_a_text_says_is_said_without_variables(lesson: Lesson) -> None:
    """Only commands are filled in; a text has to be true on every lab."""
    assert not [text for text in texts.translatable(lesson) if VARIABLE.search(text)]


@pytest.mark.parametrize("lesson", LESSONS, ids=IDS)
def test_what_is_tried_on_a_guest_keeps_its_quotes(lesson: Lesson) -> None:
    """ssh joins words with spaces: the guest's shell takes them apart again."""
    for attempt in lesson.tries:
        for line in attempt.run.split(";"):
            if line.strip().startswith("./lab ssh"):
                words = shlex.split(line.partition(" -- ")[2])
                assert len(words) == 1 or shlex.split(" ".join(words)) == words


@pytest.mark.parametrize("lesson", LESSONS, ids=IDS)
def test_what_is_tried_names_the_learners_own_stack(lesson: Lesson) -> None:
    file = REPO / "stacks" / f"{lesson.stack}.yaml"
    plan = plan_file(file, {}, Surroundings(stack="mine"))
    assert isinstance(plan, Plan)
    for command in commands(lesson, plan):
        for asked in re.findall(r"\./lab (?!diff|image)[^;]*", command):
            assert re.search(r"\bmine\b", asked), command
    assert not any("--stack" in c for c in commands(lesson, replace(plan, stack=STACK)))


@pytest.mark.parametrize("language", TRANSLATIONS)
@pytest.mark.parametrize(("folder", "lesson"), list(zip(FOLDERS, LESSONS, strict=True)), ids=IDS)
def test_no_text_lacks_its_translation(folder, lesson: Lesson, language: str) -> None:
    entries = polib.pofile(str(folder / f"{language}.po"))
    finished = {entry.msgid for entry in entries.translated_entries() if not entry.fuzzy}
    wanted = {text for text in texts.translatable(lesson) if text}
    assert wanted - finished == set(), "not translated"
    assert finished - wanted == set(), "translations of texts that are gone"
    for entry in entries:
        assert re.findall(r"`[^`]+`", entry.msgid) == re.findall(r"`[^`]+`", entry.msgstr)


@pytest.mark.parametrize("language", TRANSLATIONS)
def test_no_word_of_the_tutor_lacks_its_translation(language: str) -> None:
    said = re.compile(r"""\bsay\(\s*["']([^"']+)["']""")
    folders = (REPO / "isolab/lessons/templates", REPO / "webapp/templates")
    pages = [file for folder in folders for file in folder.iterdir()]
    places = [REPO / "isolab/cli/context/tutor.py", *pages]
    words = {word for place in places for word in said.findall(place.read_text())}
    known = texts.catalogue(texts.WORDS / f"{language}.po")
    assert len(words) > 10
    assert words | {"holds", "broken", "inconclusive"} == set(known)
