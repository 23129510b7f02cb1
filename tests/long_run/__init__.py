"""Half an hour of a small organisation's work, while everything around it fails; not a test of pytest.

    python -m tests.long_run --minutes 30 --from COMMIT

Two servers behind nginx share a PostgreSQL database that has a replica. People of the version at COMMIT answer, close
and plan the whole time. Meanwhile the replica falls behind, a backup is made and restored elsewhere, both servers are
upgraded one after the other, one of them is killed, the replica dies, and the database crashes. In the end everything
that a person was told is done must be there once, and no result may have changed since it was made.
`docs/performance.md` has what came of it.
"""
