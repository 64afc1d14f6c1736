"""Networks decided: addresses, names, ports, and who reaches whom."""
