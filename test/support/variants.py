"""The servers that the emulator plays."""

from __future__ import annotations

VARIANTS = [("0.9", "memory"), ("0.9", "sql"), ("0.10", "memory"), ("0.10", "sql")]
IDS = ["-".join(variant) for variant in VARIANTS]
