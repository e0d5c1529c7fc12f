"""What outlives a run.

- `papers`: the `PaperStore`, the only name most callers need; the rest of this list is how it is made
- `records`: the values that go into and come out of it
- `catalogue`: what is known of each paper
- `files`, `texts`: accepted and refused files, and the Markdown made of them
- `images`: the images of texts, beside them
- `ledger`: every attempt at a paper, and what is known not to work
- `answers`: what catalogues said lately
- `jobs`: jobs handed to a retrieval service
- `lookup`: what the store has of many papers, in one go
- `damage`: objects that no longer hold what they should
- `summary`: the store as a whole
- `session`: an open home and the one thread in which it is used
- `schema`, `database`: the tables and their version; the SQLite connection and its transactions
- `objects`: files named by the hash of their content
- `scratch`: folders for unfinished files, swept when their process is gone
- `retrieve_academic`: the client of the retrieve-academic job service
- `retrieve_jobs`, `retrieve_polling`: its jobs and what it says of them; how many are watched at once
"""
