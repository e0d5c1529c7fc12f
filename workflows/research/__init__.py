"""Research workflows."""
