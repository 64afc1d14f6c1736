"""Results as JUnit's XML, which most CI systems and school servers read."""

from collections.abc import Sequence
from xml.etree import ElementTree

from isolab.lessons.model import LessonResult


def junit(stack: str, lessons: Sequence[LessonResult]) -> str:
    """One test suite a lesson, one test case a claim: broken is a failure, inconclusive skipped."""
    root = ElementTree.Element("testsuites", name=f"isolab {stack}")
    for lesson in lessons:
        count = {
            verdict: str(sum(claim.verdict == verdict for claim in lesson.claims))
            for verdict in ("broken", "inconclusive")
        }
        suite = ElementTree.SubElement(
            root,
            "testsuite",
            name=lesson.id,
            tests=str(len(lesson.claims)),
            failures=count["broken"],
            skipped=count["inconclusive"],
            errors="0",
            time=f"{sum(claim.seconds for claim in lesson.claims):.1f}",
        )
        for claim in lesson.claims:
            case = ElementTree.SubElement(
                suite,
                "testcase",
                classname=f"isolab.{lesson.id}",
                name=claim.claim,
                time=f"{claim.seconds:.1f}",
            )
            if claim.verdict == "broken":
                ElementTree.SubElement(case, "failure", message="broken").text = claim.evidence
            elif claim.verdict == "inconclusive":
                ElementTree.SubElement(case, "skipped", message=claim.evidence)
    ElementTree.indent(root)
    return ElementTree.tostring(root, encoding="unicode", xml_declaration=True) + "\n"
