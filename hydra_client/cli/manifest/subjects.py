"""Finds subjects of policies that are neither clients nor groups."""

from __future__ import annotations

from functools import partial

from hydra_client.cli.manifest.model import Manifest, unfit
from hydra_client.cli.text import plain
from hydra_client.cli.workers import Each
from hydra_client.exceptions import ApiException
from hydra_client.provisioning import Apis
from hydra_client.provisioning.reconcile import find


def unknown_subjects(apis: Apis, manifest: Manifest, each: Each) -> list[str]:
    """Return a warning for each subject that is neither a client nor a group.

    It can still be the id of a user: Hydra does not know users. If the caller may not look up a
    subject, it counts as known.
    """
    ours = {entry.id for entry in manifest.entries} | manifest.groups.keys()
    subjects = [subject for subject in manifest.subjects if subject not in ours]
    known = each(partial(_is_known, apis), subjects)
    return [
        f"{manifest.subjects[subject]}: subjects: '{plain(subject)}' is neither a client nor a "
        "group. Ignore this if it is a user"
        for subject, is_known in zip(subjects, known, strict=True)
        if not is_known
    ]


def _is_known(apis: Apis, subject: str) -> bool:
    if unfit(subject, {}):
        return False
    try:
        return bool(
            find(apis.clients.get_oauth2_client, subject) or find(apis.groups.get_group, subject)
        )
    except ApiException:
        return True
