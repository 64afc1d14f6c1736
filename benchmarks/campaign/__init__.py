"""`./lab bench faults`: what becomes of a lab whose commands are interrupted."""
