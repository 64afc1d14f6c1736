"""Which processor a guest sees, in libvirt's words."""

from dataclasses import dataclass

from isolab.plan.model import Guest, Plan

PASSED_THROUGH = "host-passthrough"
LIKE_THE_HOST = "host-model"
QUICK = (
    '<cpu mode="custom" match="exact" check="none">'
    '<model fallback="forbid" vendor_id="AuthenticAMD">Nehalem</model></cpu>'
)
"""Cheap to emulate, and not affected by Meltdown: see docs/adr/0003."""
EMULATED_FEATURES = '<features><acpi/><tcg><tb-cache unit="MiB">256</tb-cache></tcg></features>'
"""A translation cache that keeps QEMU's memory below the guest's."""
FEATURES = "<features><acpi/><apic/><pae/></features>"


@dataclass(frozen=True, kw_only=True, slots=True)
class Processor:
    """A domain's processor: a mode, or elements that a stylesheet puts in place of its own."""

    mode: str = ""
    elements: str = ""

    @property
    def replaced(self) -> str:
        """Which elements of a domain these replace, as the stylesheet's condition."""
        return "self::cpu or self::features" if self.elements else "false()"


def of(guest: Guest, plan: Plan) -> Processor:
    """The guest's. Without KVM none can be passed through: it gets what is quick."""
    if plan.kvm and guest.cpu in ("", PASSED_THROUGH, LIKE_THE_HOST):
        return Processor(mode=guest.cpu or PASSED_THROUGH)
    features = FEATURES if plan.kvm else EMULATED_FEATURES
    match guest.cpu:
        case "" | "host-passthrough":
            return Processor(elements=QUICK + features)
        case "host-model":
            return Processor(elements=f'<cpu mode="{LIKE_THE_HOST}" check="none"/>{features}')
        case model:
            return Processor(elements=_model(model) + features)


def _model(name: str) -> str:
    """TCG leaves out what it cannot emulate of a model; KVM refuses to start without it."""
    return (
        f'<cpu mode="custom" match="exact" check="none">'
        f'<model fallback="forbid">{name}</model></cpu>'
    )
