"""The image of a cloud-init seed: an ISO of user data, meta data and network configuration."""

import io
from typing import Any

import pycdlib

LABEL = "cidata"
"""What cloud-init's NoCloud source looks for."""
PLAIN_NAMES = {
    "user-data": "USER_DAT",
    "meta-data": "META_DAT",
    "network-config": "NETWORK_",
}
"""Names of plain ISO 9660, by which the official plugin finds the files when it reads a seed."""


def seed(user_data: str, meta_data: str, network_config: str) -> bytes:
    """An ISO 9660 image with Rock Ridge and Joliet names, as cloud-init's NoCloud reads it.

    Without network configuration the image has no such file: an empty one would be taken for one.
    """
    contents = {
        "user-data": user_data,
        "meta-data": meta_data,
        **({"network-config": network_config} if network_config else {}),
    }
    disc: Any = pycdlib.PyCdlib()  # type: ignore[no-untyped-call]
    disc.new(interchange_level=1, joliet=3, rock_ridge="1.09", vol_ident=LABEL)
    for file, text in contents.items():
        content = text.encode()
        disc.add_fp(
            io.BytesIO(content),
            len(content),
            f"/{PLAIN_NAMES[file]}.;1",
            rr_name=file,
            joliet_path=f"/{file}",
        )
    out = io.BytesIO()
    disc.write_fp(out)
    disc.close()
    return out.getvalue()
