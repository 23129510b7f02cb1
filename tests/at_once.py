"""Several commands at the same moment, each in a thread with a database connection of its own, as under gunicorn."""

import threading
from collections.abc import Callable
from typing import Any

from django.db import connection


def at_once(*commands: Callable[[], Any]) -> list[Any]:
    """Begins them together; returns what each came to: its value, or the exception that it raised."""
    barrier = threading.Barrier(len(commands))
    outcomes: list[Any] = [None] * len(commands)

    def run(number: int) -> None:
        try:
            connection.ensure_connection()
            barrier.wait(timeout=120)
            outcomes[number] = commands[number]()
        except Exception as error:
            outcomes[number] = error
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=[number]) for number in range(len(commands))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return outcomes
