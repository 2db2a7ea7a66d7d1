"""The users and the hashes of their passwords, in a file. Replace it with your own user store.

python examples/consent_app/users.py users.json alice     # asks for the password
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import sys
from getpass import getpass
from pathlib import Path

from werkzeug.security import check_password_hash, generate_password_hash

SHORTEST_PASSWORD = 8


class Users:
    """The users in a JSON file, which is read again for each login."""

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path)
        # Checked for unknown users, so that the time of a response does not reveal them.
        self._nobody = generate_password_hash(os.urandom(16).hex())

    def check(self, name: str, password: str) -> bool:
        """Return whether this is the user's password."""
        expected = self._read().get(name)
        matches = check_password_hash(expected or self._nobody, password)
        return matches and expected is not None

    def version(self, name: str) -> str | None:
        """Return what changes with the user's password; None if the user does not exist."""
        found = self._read().get(name)
        return hashlib.sha256(found.encode()).hexdigest() if found else None

    def add(self, name: str, password: str) -> None:
        """Add a user, or change their password."""
        users = {**self._read(), normal(name): generate_password_hash(password)}
        # A new file takes the old one's place, so that a reader never sees half of it.
        draft = self.path.with_name(f"{self.path.name}.new")
        with open(os.open(draft, os.O_CREAT | os.O_WRONLY | os.O_TRUNC, 0o600), "w") as file:
            json.dump(users, file, indent=2)
        draft.replace(self.path)

    def _read(self) -> dict[str, str]:
        users: dict[str, str] = json.loads(self.path.read_text()) if self.path.exists() else {}
        return users


def normal(name: str) -> str:
    """Return the name as it is stored: phones begin words with a capital letter."""
    return name.strip().casefold()


def main() -> None:
    """Add a user to the file."""
    parser = argparse.ArgumentParser(description="Add a user, or change their password.")
    parser.add_argument("file", help="file of the users, such as users.json")
    parser.add_argument("name", help="name of the user")
    arguments = parser.parse_args()
    if sys.stdin.isatty():
        password = getpass("Password: ")
        if getpass("Repeat it: ") != password:
            parser.error("the passwords differ")
    else:
        password = sys.stdin.readline().rstrip("\n")
    if len(password) < SHORTEST_PASSWORD:
        parser.error(f"the password must have at least {SHORTEST_PASSWORD} characters")
    Users(arguments.file).add(arguments.name, password)


if __name__ == "__main__":
    main()
