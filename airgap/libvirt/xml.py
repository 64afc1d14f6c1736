"""libvirt's XML: building, transforming, reading."""

from collections.abc import Mapping
from typing import Any

from lxml import etree

from airgap.framework import Failure
from airgap.framework.schema import STRING, Field, Object

Element = Any
"""lxml has no types of its own."""
XSLT = Field(Object({"xslt": Field(STRING)}), replaces=True)
"""The input with which a program reshapes the XML."""


def element(tag: str, *children: Element | str | None, **attributes: str | None) -> Element:
    """An element; absent children and attributes are left out."""
    made = etree.Element(tag, {n: v for n, v in attributes.items() if v is not None})
    for child in children:
        if isinstance(child, str):
            made.text = child
        elif child is not None:
            made.append(child)
    return made


def text(root: Element) -> str:
    """The XML as libvirt takes it."""
    return etree.tostring(root, pretty_print=True, encoding="unicode")


def transformed(root: Element, inputs: Mapping[str, Any]) -> str:
    """The XML after the program's own stylesheet, where it gave one."""
    stylesheet = inputs.get("xml", {}).get("xslt")
    if not stylesheet:
        return text(root)
    try:
        transform = etree.XSLT(
            etree.fromstring(stylesheet.encode()),
            access_control=etree.XSLTAccessControl.DENY_ALL,
        )
        # Parsed again: a stylesheet must see the document that libvirt would.
        return etree.tostring(transform(etree.fromstring(text(root))), encoding="unicode")
    except etree.LxmlError as error:
        raise Failure(f"xml.xslt cannot be applied: {error}") from None


def parse(document: str) -> Element:
    """libvirt's own description of a thing."""
    return etree.fromstring(document.encode())


def yes_no(value: Any) -> str:
    """A boolean as libvirt writes it."""
    return "yes" if value else "no"
