"""Event archives: a zip of gzip files, taken apart on disk, bounded, its checksums proved."""

import gzip
import zlib
from pathlib import Path
from typing import IO
from zipfile import BadZipFile, ZipFile

from integrations.base import SourceDataError

_CHUNK = 1024 * 1024
_MOST_MEMBERS = 50_000
# What an archive may hold: 4 GB is the most Amplitude packs, and JSON shrinks to a tenth or so.
MOST_BYTES = 64 * 1024**3


def unpack(archive: Path, folder: Path, *, title: str, most: int = MOST_BYTES) -> list[Path]:
    """The gzip files of a zip, in `folder` under names of our own. The zip is deleted.

    Raises SourceDataError for one that is damaged, cut short, or holds more than `most` bytes.
    """
    files: list[Path] = []
    try:
        with ZipFile(archive) as packed:
            members = [each for each in packed.infolist() if not each.is_dir()]
            if len(members) > _MOST_MEMBERS:
                raise SourceDataError(f"{title} sent an archive of {len(members):,} files.")
            for number, member in enumerate(members):
                files.append(folder / f"{number}.json.gz")
                with packed.open(member) as source, files[-1].open("wb") as file:
                    most -= _copy(source, file, title=title, most=most)
    except (BadZipFile, zlib.error, EOFError, ValueError, RuntimeError, OSError) as error:
        raise SourceDataError(f"{title} sent a damaged archive or cut it short.") from error
    archive.unlink()
    return files


def inflate(packed: Path, *, title: str, most: int = MOST_BYTES) -> None:
    """Undo the gzip that a whole answer was sent in."""
    plain = packed.with_suffix(".plain")
    try:
        with gzip.open(packed, "rb") as source, plain.open("wb") as file:
            while chunk := source.read(_CHUNK):
                file.write(chunk)
                most -= len(chunk)
                if most < 0:
                    raise SourceDataError(f"{title} sent an archive that never ends.")
    except (zlib.error, EOFError, OSError) as error:
        raise SourceDataError(f"{title} sent a damaged archive or cut it short.") from error
    plain.replace(packed)


def _copy(source: IO[bytes], file: IO[bytes], *, title: str, most: int) -> int:
    """Copy a gzip file and prove it to its end. Returns how many bytes it holds once it is unpacked."""
    member, held = zlib.decompressobj(wbits=31), 0
    while chunk := source.read(_CHUNK):
        file.write(chunk)
        while chunk:
            if member.eof:  # a gzip file may be several, one after the other
                member = zlib.decompressobj(wbits=31)
            held += len(member.decompress(chunk, _CHUNK))
            if held > most:
                raise SourceDataError(f"{title} sent an archive that never ends.")
            chunk = member.unconsumed_tail or member.unused_data
    if not member.eof:
        raise EOFError
    return held
