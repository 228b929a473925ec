"""Which statistics program's a file is, by its first bytes."""

from typing import Literal

from eduscale.core.errors import UnreadableFile

StatisticsKind = Literal["sav", "por", "dta", "sas7bdat", "xport"]

_MAGIC: dict[bytes, StatisticsKind] = {
    b"$FL2": "sav",
    b"$FL3": "sav",
    b"<stata_dta>": "dta",
    b"HEADER RECORD*******LIB": "xport",
}
_SAS = bytes(12), b"\xb3\x14\x11\xcf\xbd\x92\x08\x00\x09\xc7\x31\x8c\x18\x1f\x10\x11"
"""What stands at the start of files of SAS, and what after four more bytes."""
_SAS_CATALOGUE = b"\xc2\xea\x81\x63"
_OLD_STATA = range(0x66, 0x74)
"""The numbers of the formats before Stata 13."""


def statistics_kind(head: bytes) -> StatisticsKind | None:
    """Return the kind of a file, None if it is of no such program; raises UnreadableFile where it has no data."""
    for magic, kind in _MAGIC.items():
        if head.startswith(magic):
            return kind
    if head[8:20] == b"ENCRYPTEDSAV":
        raise UnreadableFile("encrypted_statistics_file")
    if (head[:12], head[16:32]) == _SAS:
        if head[12:16] == _SAS_CATALOGUE:
            raise UnreadableFile("sas_catalogue")
        return "sas7bdat"
    # After the number of the format come the order of bytes and two that never change.
    if len(head) > 60 and head[0] in _OLD_STATA and head[1] in (1, 2) and head[2:4] == b"\x01\x00":
        return "dta"
    return "por" if head.replace(b"\r", b"").replace(b"\n", b"")[456:464] == b"SPSSPORT" else None
