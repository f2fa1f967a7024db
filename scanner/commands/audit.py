"""The command `baseline audit`: one finding a screen, a key for each verdict; a pipe of answers does as well."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

from scanner.baseline.document import check_day, write_baseline
from scanner.baseline.recording import Verdict
from scanner.baseline.triage import STATE_OF_KEY, Triage
from scanner.commands.baseline import Session, baseline_file, old_or_empty, session
from scanner.commands.console import CLEAN, INTERRUPTED, say, wants_colour
from scanner.errors import BaselineError
from scanner.model import BaselineEntry, Finding
from scanner.reporters.safe import Masker, printable

CONTEXT_LINES = 3
SECRET_LINES = 6
"""Lines of a long secret that are shown, and its last one, so that a screen of 24 lines holds it all."""

SHOWN_COLUMNS = 160
_CLEAR = "\x1b[2J\x1b[H"
_HELP = (
    "k known   f false positive   a accepted risk   r revoked   t used in tests",
    "K F A R T the same, and ask for a reason, an owner and a last day",
    "s skip    u undo    v show or hide the secret    ? help    q save and quit",
)

Ask = Callable[[str], str | None]


def audit(
    *,
    path: str,
    baseline: str | None = None,
    history: bool = False,
    all: bool = False,  # noqa: A002
    outputs: object = None,
    **options: Any,
) -> int:
    """Scan, ask for a verdict on each finding that has none, and write them down. Raises ScannerError."""
    file = baseline_file(path, baseline)
    old = old_or_empty(file, scope="history" if history else "tree")
    with session(old, path=path, history=history, **options) as now:
        triage = Triage([i for i in range(len(now.findings)) if all or _is_undecided(now.compared.known.get(i))])
        code = CLEAN
        try:
            _Screen(now, triage).run()
        except KeyboardInterrupt:
            code = INTERRUPTED
        if triage.verdicts:
            write_baseline(now.finished(_entries(now, triage)))
        left = len(triage.indices) - len(triage.verdicts)
        say(printable(f"{file}: {len(triage.verdicts)} decided, {left} left"))
        return code


def _is_undecided(entry: BaselineEntry | None) -> bool:
    """Return whether nobody has looked at a finding: it is new, or was noted down without a word."""
    return entry is None or (entry.state == "known" and not entry.reason)


def _entries(now: Session, triage: Triage) -> tuple[BaselineEntry, ...]:
    """Return the baseline's entries with the verdicts on them."""
    decided = {id(now.compared.known[i]): i for i in triage.verdicts if i in now.compared.known}
    entries = [
        _with_verdict(entry, triage.verdicts[decided[id(entry)]]) if id(entry) in decided else entry
        for entry in now.baseline.entries
    ]
    new = [i for i in triage.verdicts if i not in now.compared.known]
    now.recorder.warm(now.findings[i] for i in new)
    return (*entries, *(now.recorder.entry(now.findings[i], triage.verdicts[i]) for i in new))


def _with_verdict(entry: BaselineEntry, verdict: Verdict) -> BaselineEntry:
    return replace(entry, state=verdict.state, reason=verdict.reason, owner=verdict.owner, expires=verdict.expires)


class _Screen:
    """Shows findings and takes keys, from a terminal or from lines of a pipe."""

    def __init__(self, now: Session, triage: Triage) -> None:
        self._now, self._triage = now, triage
        self._is_shown = False
        self._message = ""

    def run(self) -> None:
        """Ask until the list, the answers or the person's patience ends."""
        with _keys() as (next_key, ask):
            while self._triage.current is not None:
                self._show(self._now.findings[self._triage.current])
                key = next_key()
                if key is None or key in ("q", "\x04"):
                    return
                self._message = self._do(key, ask)

    def _do(self, key: str, ask: Ask) -> str:
        """Do what a key asks for; return what to tell on the next screen."""
        self._is_shown = key == "v" and not self._is_shown
        if key == "\x03":
            raise KeyboardInterrupt
        if key in ("s", " ", "\r", "\n"):
            self._triage.skip()
        elif key == "u":
            return "taken back" if self._triage.undo() else "nothing to take back"
        elif key.lower() in STATE_OF_KEY:
            return self._decide(STATE_OF_KEY[key.lower()], ask if key.isupper() else None)
        elif key not in ("v", "?"):
            return f"{key!r} is no key: ? shows those that are"
        return "\n".join(_HELP) if key == "?" else ""

    def _decide(self, state: str, ask: Ask | None) -> str:
        verdict = Verdict(state)
        if ask is not None:
            reason, owner, day = (ask(word) or "" for word in ("reason", "owner", "last day, YYYY-MM-DD"))
            try:
                check_day(day, where="the last day")
            except BaselineError as error:
                return str(error)
            verdict = Verdict(state, reason, owner, day)
        self._triage.decide(verdict)
        return f"noted down: {state}"

    # --- the picture ---

    def _show(self, finding: Finding) -> None:
        triage, rule = self._triage, self._now.done.ruleset
        name = next((one.name for one in rule.rules if one.id == finding.rule_id), finding.rule_id)
        mask = self._mask(finding)
        lines = [
            f"leaksweep audit  [{triage.position + 1}/{len(triage.indices)}]  {len(triage.verdicts)} decided",
            "",
            f"{finding.severity}  {printable(name)}  ({finding.rule_id}, confidence {finding.confidence})",
            f"{mask(finding.provenance.path)}:{finding.region.start_line}:{finding.region.start_column}",
            *_told(finding, mask, self._now.compared.known.get(triage.indices[triage.position])),
            "",
            *self._context(finding, mask),
            "",
            *(printable(line) for line in self._message.split("\n") if line),
            *_HELP[::2],
        ]
        sys.stdout.write((_CLEAR if wants_colour() else "") + "\n".join(lines) + "\n")
        sys.stdout.flush()

    def _mask(self, finding: Finding) -> Masker:
        """Return what hides all secrets, or all but the one that was asked for."""
        hidden = [one for one in self._now.done.report.findings if not self._is_shown or one.secret != finding.secret]
        return Masker(hidden, show_secrets=False)

    def _context(self, finding: Finding, mask: Masker) -> Iterator[str]:
        """Yield the lines around a finding with their numbers, as they stand in the newest text that holds it."""
        newest = finding.occurrences[-1]
        data = self._now.places.text_of(newest)
        if not data or finding.decoding:
            secret = finding.secret.value if self._is_shown else finding.secret.mask
            yield f"    {mask(finding.snippet.text)}"
            yield f"    decoded: {mask(secret)}" if finding.decoding else ""
            return
        text = data.decode("utf-8", "surrogateescape").split("\n")
        first, last = newest.region.start_line, newest.region.end_line
        for number in range(max(1, first - CONTEXT_LINES), min(len(text), last + CONTEXT_LINES) + 1):
            if first + SECRET_LINES <= number < last:
                if number == first + SECRET_LINES:
                    yield f"  {'...':>5}  {last - number} more lines"
                continue
            pointer = ">" if first <= number <= last else " "
            yield f"{pointer} {number:>5}  {mask(text[number - 1])[:SHOWN_COLUMNS]}"


def _told(finding: Finding, mask: Masker, entry: BaselineEntry | None) -> Iterator[str]:
    source = finding.provenance
    if source.commit:
        yield f"commit {source.commit[:12]}" + (f" by {mask(source.author.name)}" if source.author else "")
    if len(finding.occurrences) > 1:
        yield f"{len(finding.occurrences)} occurrences"
    if entry is not None:
        yield f"so far: {entry.state}" + (f" until {entry.expires}" if entry.expires else "")
    yield from (f"note: {mask(note)}" for note in finding.notes)


# --- keys --------------------------------------------------------------------------------------------


@contextmanager
def _keys() -> Iterator[tuple[Callable[[], str | None], Ask]]:
    """Yield what returns the next key, and what asks for a line: single keys of a terminal, or lines of a pipe."""
    if not sys.stdin.isatty():
        yield _piped_key, _piped_line
        return
    try:
        import termios
        import tty
    except ImportError:  # Windows: keys with Enter
        yield _piped_key, _asked_line
        return
    descriptor = sys.stdin.fileno()
    before = termios.tcgetattr(descriptor)

    def cooked(word: str) -> str | None:
        termios.tcsetattr(descriptor, termios.TCSADRAIN, before)
        try:
            return _asked_line(word)
        finally:
            tty.setcbreak(descriptor)

    try:
        tty.setcbreak(descriptor)
        yield (lambda: sys.stdin.read(1) or None), cooked
    finally:
        termios.tcsetattr(descriptor, termios.TCSADRAIN, before)


def _piped_key() -> str | None:
    """Return the first character of the next line, a space for an empty one, None at the end."""
    line = sys.stdin.readline()
    return (line.strip() or " ")[0] if line else None


def _piped_line(word: str) -> str | None:
    return sys.stdin.readline().strip()


def _asked_line(word: str) -> str | None:
    sys.stdout.write(f"{word} (Enter for none): ")
    sys.stdout.flush()
    return sys.stdin.readline().strip()
