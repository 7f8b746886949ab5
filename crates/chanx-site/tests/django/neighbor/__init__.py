"""A Django site that lives beside a chanx site, on the same database file."""
