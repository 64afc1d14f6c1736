"""What a domain can be given."""

from airgap.framework.schema import BOOLEAN, INTEGER, STRING, Field, List, Map, Object
from airgap.libvirt.xml import XSLT

CPU = Object({"mode": Field(STRING)})
DISK = Object(
    {"volumeId": Field(STRING, required=True), "scsi": Field(BOOLEAN, default=False)},
    instead={"file": "volumeId", "url": "volumeId", "blockDevice": "volumeId", "wwn": "xml.xslt"},
)
INTERFACE = Object(
    {
        "networkId": Field(STRING),
        "networkName": Field(STRING),
        "mac": Field(STRING),
        "hostname": Field(STRING),
        "addresses": Field(List(STRING)),
    },
    instead={
        "bridge": "networkId",
        "macvtap": "networkId",
        "vepa": "networkId",
        "passthrough": "networkId",
        "waitForLease": "addresses",
    },
)
CONSOLE = Object(
    {
        "type": Field(STRING, required=True),
        "targetPort": Field(STRING, required=True),
        "targetType": Field(STRING),
        "sourcePath": Field(STRING),
        "sourceHost": Field(STRING, default="127.0.0.1"),
        "sourceService": Field(STRING, default="0"),
    }
)
GRAPHICS = Object(
    {
        "type": Field(STRING, default="spice"),
        "autoport": Field(BOOLEAN, default=True),
        "listenType": Field(STRING, default="none"),
        "listenAddress": Field(STRING, default="127.0.0.1"),
    },
    instead={"websocket": "xml.xslt"},
)
INPUTS = Object(
    {
        "name": Field(STRING, replaces=True, auto_name=True),
        "description": Field(STRING, replaces=True),
        "type": Field(STRING, default="kvm", replaces=True),
        "arch": Field(STRING, replaces=True),
        "machine": Field(STRING, replaces=True),
        "emulator": Field(STRING, replaces=True),
        "memory": Field(INTEGER, default=512, replaces=True),
        "vcpu": Field(INTEGER, default=1, replaces=True),
        "cpu": Field(CPU, replaces=True),
        "kernel": Field(STRING, replaces=True),
        "initrd": Field(STRING, replaces=True),
        "cmdlines": Field(List(Map(STRING)), replaces=True),
        "disks": Field(List(DISK), replaces=True),
        "cloudinit": Field(STRING),
        "networkInterfaces": Field(List(INTERFACE)),
        "consoles": Field(List(CONSOLE), replaces=True),
        "graphics": Field(GRAPHICS, replaces=True),
        "video": Field(Object({"type": Field(STRING, default="cirrus")}), replaces=True),
        "autostart": Field(BOOLEAN),
        "running": Field(BOOLEAN, default=True),
        "qemuAgent": Field(BOOLEAN, default=False, replaces=True),
        "coreosIgnition": Field(STRING, default="", replaces=True),
        "fwCfgName": Field(STRING, default="opt/com.coreos/config", replaces=True),
        "xml": XSLT,
    },
    instead={
        "firmware": "xml.xslt",
        "nvram": "xml.xslt",
        "tpm": "xml.xslt",
        "filesystems": "xml.xslt",
        "bootDevices": "xml.xslt",
        "metadata": "description",
    },
)
