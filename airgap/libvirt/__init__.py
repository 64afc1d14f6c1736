"""The provider plugin `libvirt`, over libvirt-python."""
