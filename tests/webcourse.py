"""The course in a browser with a stand-in for the lab: the terminals are shells of this machine."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from isolab.lessons import read
from isolab.lessons.model import ClaimResult, Lesson, LessonResult, Verdict
from isolab.plan.model import Plan, Surroundings
from isolab.plan.read import plan_file
from webapp import server
from webapp.app import application
from webapp.course import CannotCheck, Course, Lab, Place, Progress
from webapp.guard import Access
from webapp.terminals import Limits

REPO = Path(__file__).parents[1]
SHELL = ("env", "PS1=> ", "sh")


@dataclass(kw_only=True, slots=True)
class StandIn:
    """A lab that is up or not, whose claims come out as a test says."""

    access: Access
    up: bool = True
    verdict: Verdict = "holds"
    refusal: str = ""
    checking: threading.Event = field(default_factory=threading.Event)
    """A check waits until this is set."""
    last: dict[str, LessonResult] = field(default_factory=dict[str, LessonResult])

    @property
    def origin(self) -> str:
        return f"http://127.0.0.1:{self.access.port}"

    @property
    def cookie(self) -> str:
        return f"{self.access.cookie}={self.access.session}"

    def course(self) -> Course:
        file = REPO / "stacks" / "reference.yaml"
        plan = plan_file(file, {}, Surroundings(stack="reference"))
        assert isinstance(plan, Plan)
        places = (
            *(Place(name=guest.name, kind="guest", argv=SHELL) for guest in plan.guests),
            *(
                Place(name=c.name, kind="container", service=c.service, argv=SHELL)
                for c in plan.containers
            ),
        )
        return Course(
            lessons=read.catalogue(),
            language="en",
            progress=lambda: Progress(
                home=Lab(plan=plan, up=self.up), elsewhere={}, last=dict(self.last)
            ),
            check=self.check,
            states=lambda plan: {},
            places=lambda plan: places,
        )

    def check(self, lesson: Lesson, plan: Plan) -> LessonResult:
        assert self.checking.wait(10)
        if self.refusal:
            raise CannotCheck(self.refusal)
        claims = tuple(
            ClaimResult(
                id=claim.id,
                claim=claim.claim,
                verdict=self.verdict,
                evidence="what <was> seen",
                control="what the control showed",
                seconds=0.1,
            )
            for claim in lesson.claims
        )
        result = LessonResult(id=lesson.id, title=lesson.title, claims=claims)
        self.last[lesson.id] = result
        return result


@contextmanager
def served(xterm: Path | None = None, limits: Limits | None = None) -> Iterator[StandIn]:
    """The course on a free port of the loopback address, in a thread."""
    opened = server.listening(0)
    lab = StandIn(access=Access(port=opened.getsockname()[1]))
    lab.checking.set()
    running = server.server(application(lab.course(), lab.access, xterm=xterm, limits=limits))
    thread = threading.Thread(target=running.run, kwargs={"sockets": [opened]})
    thread.start()
    try:
        while not running.started:
            assert thread.is_alive()
            time.sleep(0.01)
        yield lab
    finally:
        running.should_exit = True
        thread.join(15)
        assert not thread.is_alive()
