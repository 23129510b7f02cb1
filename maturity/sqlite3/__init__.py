"""SQLite: transactions that are numbered, and a file of changes that is known to belong to its database."""
