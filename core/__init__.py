"""Papers, services and engines; nothing in here knows of reviews or graphs."""
