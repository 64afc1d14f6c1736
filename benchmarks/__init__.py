"""What isolab costs and survives, measured beside what it is compared with."""
