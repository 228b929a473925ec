"""`python -m eduscale upload`: send files and folders to a service and say what became of each.

There is no list of what was sent: the service knows it by content, and is asked before a file is sent.
"""

import argparse
import io
import json
import os
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TextIO, TypeVar

from eduscale.client.display import Progress, printable, receipt_lines
from eduscale.client.folder import files_in
from eduscale.client.service import Busy, Receipt, Refused, Service, Unreachable, Unreadable, digest_of
from eduscale.client.words import Language, language_of, say

DEFAULT_URL = "http://127.0.0.1:8080"
ALL_LOADED, SOME_NOT, CANNOT_WORK, INTERRUPTED = 0, 1, 2, 130
FIRST_PAUSE_S, LONGEST_PAUSE_S = 1.0, 30.0

_DESCRIPTION = "EduScale Engine turns the spreadsheets that schools send into checked tables."
_UPLOAD = """\
Send spreadsheets to EduScale Engine and see, file by file, what was understood.

Of a folder every file is sent, those in folders below it too; hidden files and those that programs leave behind
are not. Stopped at any time, the same command goes on where it stopped: what is in already is not sent again.
"""
_EPILOG = """\
examples:
  python -m eduscale upload marks.csv --region jihomoravsky
  python -m eduscale upload exports/ --region jihomoravsky --sender "ZS Jasanova" --url https://eduscale.example

exit status: 0 all files are in, 1 some could not be read, 2 the command or the connection is at fault,
130 stopped by Ctrl-C. The environment variable EDUSCALE_TOKEN holds your token where the service wants one.
"""

T = TypeVar("T")


class _GiveUp(Exception):
    """No further file has a chance; the message says why."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit status."""
    parser = _parser()
    options = parser.parse_args(arguments)
    if not hasattr(options, "files"):
        parser.print_help()
        return ALL_LOADED
    language: Language = options.language or _language(os.environ)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")  # a console of an old code page has no “quotes”
    try:
        return _Upload(options, language, sys.stdout, sys.stderr).run()
    except _GiveUp as error:
        sys.stderr.write(f"{error}\n")
        return CANNOT_WORK
    except KeyboardInterrupt:
        sys.stderr.write(f"\n{say(language, 'stopped')}\n")
        return INTERRUPTED
    except BrokenPipeError:  # whoever read our output has gone
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return CANNOT_WORK


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser("python -m eduscale", description=_DESCRIPTION)
    commands = parser.add_subparsers(title="commands", metavar="COMMAND")
    upload = commands.add_parser(
        "upload",
        help="send files and folders",
        description=_UPLOAD,
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    upload.add_argument("files", nargs="+", type=Path, metavar="FILE_OR_FOLDER", help="what to send")
    upload.add_argument(
        "--region",
        required=True,
        help="the region that the files belong to: letters without accents, digits and hyphens, as jihomoravsky",
    )
    upload.add_argument("--url", default=DEFAULT_URL, help="where the service is (default: %(default)s)")
    upload.add_argument("--sender", help="who sends it: a school's name or code")
    upload.add_argument(
        "--dataset", help="the dataset that the rows shall go to; else it is made from the file's name"
    )
    upload.add_argument(
        "--replaces",
        metavar="ID",
        help="the upload that this file takes the place of; 'auto': of older versions of it",
    )
    upload.add_argument("--language", choices=("en", "cs"), help="of what is said (default: that of LANG)")
    upload.add_argument("--json", action="store_true", help="print one JSON object a file instead of sentences")
    upload.add_argument(
        "--patience",
        type=float,
        default=60.0,
        metavar="SECONDS",
        help="how long to keep trying while the service is busy or away (default: %(default)g)",
    )
    return parser


def _language(environment: Mapping[str, str]) -> Language:
    names = ("LC_ALL", "LC_MESSAGES", "LANG")
    return language_of(next((environment[name] for name in names if environment.get(name)), ""))


class _Upload:
    """One run of the command."""

    def __init__(self, options: argparse.Namespace, language: Language, out: TextIO, progress: TextIO) -> None:
        self._options = options
        self._language = language
        self._out = out
        self._progress = Progress(progress, language)
        try:
            self._service = Service(options.url, language=language, token=os.environ.get("EDUSCALE_TOKEN"))
        except ValueError:
            raise _GiveUp(self._say("bad_url", url=printable(options.url))) from None
        given = {name: getattr(options, name) for name in ("region", "sender", "dataset", "replaces")}
        self._fields: dict[str, str] = {name: value for name, value in given.items() if value}
        self._counts = {"loaded": 0, "known": 0, "rejected": 0}
        self._has_answered = False

    def run(self) -> int:
        """Send every file and return the exit status; raises _GiveUp."""
        for path in self._options.files:
            if not path.exists():
                raise _GiveUp(self._say("no_such_file", name=printable(str(path))))
        files = list(files_in(self._options.files))
        if not files:
            raise _GiveUp(self._say("no_files"))
        if len(files) > 1 and self._options.replaces not in (None, "auto"):
            raise _GiveUp(self._say("one_file"))
        for number, path in enumerate(files, start=1):
            name = str(path)
            self._progress.begin(f"{number}/{len(files)} {path.name}")
            try:
                receipt = self._send(path)
            except Unreadable as error:
                self._tell_failure(name, self._say("unreadable", why=error))
            except Refused as error:
                self._tell_failure(name, self._why(error))
            else:
                self._tell(name, receipt)
        self._progress.clear()
        if not self._options.json:
            self._write(self._say("done", **self._counts))
        return SOME_NOT if self._counts["rejected"] else ALL_LOADED

    def _send(self, path: Path) -> Receipt:
        """Send a file unless it is in already."""
        digest = digest_of(path)
        if "replaces" not in self._fields:
            dataset = self._fields.get("dataset")
            found = self._patiently(
                lambda: self._service.find(digest, region=self._fields["region"], dataset=dataset)
            )
            if found is not None:
                return {**found, "duplicate": True}
        return self._patiently(lambda: self._service.send(path, digest, self._fields, self._progress.show))

    def _patiently(self, attempt: Callable[[], T]) -> T:
        """Do it, again and again while the service is busy or away; raises _GiveUp when patience has an end."""
        pause_s, waited_s, why = FIRST_PAUSE_S, 0.0, ""
        while True:
            try:
                result = attempt()
            except Busy as error:
                key, last, wait_s = "busy", "gave_up", min(error.retry_after_s, LONGEST_PAUSE_S)
            except Unreachable as error:
                key, last, wait_s, why = "lost", "unreachable", pause_s, printable(str(error))
                pause_s = min(2 * pause_s, LONGEST_PAUSE_S)
            else:
                self._has_answered = True
                return result
            is_first = (
                last == "unreachable" and not self._has_answered
            )  # rather a wrong address than a short pause
            waited_s += wait_s
            if is_first or waited_s > self._options.patience:
                self._progress.clear()
                raise _GiveUp(self._say(last, url=self._options.url, why=why))
            self._progress.note(self._say(key, url=self._options.url, seconds=round(wait_s)))
            time.sleep(wait_s)

    def _why(self, refused: Refused) -> str:
        """Say why a file was refused; raises _GiveUp where every other would be too."""
        facts = {"url": self._options.url, "status": refused.status, "why": printable(refused.detail)}
        if refused.status in (401, 403):
            raise _GiveUp(self._say("no_access", **facts))
        if not refused.detail and refused.status != 413:  # said by what stands before the service, too
            raise _GiveUp(self._say("no_service", **facts))
        if refused.field is not None:
            raise _GiveUp(facts["why"])
        return self._say("too_large" if refused.status == 413 else "refused", **facts)

    def _tell(self, name: str, receipt: Receipt) -> None:
        is_loaded = receipt["state"] == "loaded"
        self._counts["known" if is_loaded and receipt["duplicate"] else "loaded" if is_loaded else "rejected"] += 1
        self._progress.clear()
        if self._options.json:
            self._write(json.dumps({"file": name, "receipt": receipt}, ensure_ascii=False))
            return
        first, *more = receipt_lines(receipt, self._language)
        self._write("\n".join((f"{printable(name)}: {first}", *more)))

    def _tell_failure(self, name: str, why: str) -> None:
        why = why.rstrip()
        self._counts["rejected"] += 1
        self._progress.clear()
        if self._options.json:
            self._write(json.dumps({"file": name, "error": why}, ensure_ascii=False))
        else:
            self._write(f"{printable(name)}: {self._say('failed')}: {why}")

    def _write(self, text: str) -> None:
        self._out.write(f"{text}\n")
        self._out.flush()

    def _say(self, key: str, **facts: object) -> str:
        return say(self._language, key, **facts)
