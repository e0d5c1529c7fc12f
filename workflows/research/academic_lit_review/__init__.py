"""A literature review whose every claim can be traced to a quote on a page."""
