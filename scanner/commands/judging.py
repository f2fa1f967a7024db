"""From what was found to the report: every place of a blob, one finding per secret, thresholds, exit code."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from functools import partial

from scanner import __version__
from scanner.assess import assess
from scanner.commands.attributed import Accept, Attribution
from scanner.commands.console import CLEAN, FOUND, INCOMPLETE, INTERRUPTED
from scanner.commands.decisions import Decisions, counted, settle
from scanner.commands.places import Places
from scanner.commands.targets import Job
from scanner.config import Config
from scanner.errors import GitError
from scanner.findings import Seen, build_findings, seen_in, split_by_threshold, without_shadowed
from scanner.globs import PathGlobs
from scanner.model import (
    ABSENT_BY_CLONE,
    HARMLESS_SKIPS,
    BlobMatches,
    Finding,
    Provenance,
    Report,
    Rule,
    ScanStats,
    Skip,
    SkipReason,
    Standing,
    Target,
)
from scanner.reporters.withholding import withhold
from scanner.ruleset import Ruleset
from scanner.scan import Scanner, Tally
from scanner.sources import codeowners, git, history, origin
from scanner.sources.objects import ObjectEntry, ObjectReader, objects_of
from scanner.suppress import PATTERN_TIMEOUT_S
from scanner.workers import usable_cores

_NO_PATH = "<path not known>"


def report_of(
    job: Job, ruleset: Ruleset, settings: Config, tally: Tally, decisions: Decisions, *, exit_zero: bool
) -> Report:
    """Return the report on all that `tally` holds."""
    rules = {rule.id: rule for rule in ruleset.rules}
    exclude = PathGlobs(settings.exclude)
    seen, stories = _attribution_or_none(job, tally, ruleset, settings, _accept(rules, exclude))
    found = build_findings(without_shadowed(seen, rules), rules, stories)
    with Places(job, decisions.root, max_blob_bytes=settings.max_blob_bytes) as places:
        settled = settle(found, rules, decisions, job=job, places=places, exclude=exclude, marked=tally.marked)
    kept, below = split_by_threshold(
        settled.findings,
        min_severity=settings.min_severity,
        min_confidence=settings.min_confidence,
    )
    assessed = assess(kept, rules, rotation_days=dict(settings.rotation_days), codeowners=_codeowners(job, kept))
    findings, standing = withhold(found, assessed, counted(assessed, settled.standing))
    stats = ScanStats(
        blobs=tally.blobs,
        bytes=tally.bytes,
        commits=tally.commits,
        skipped=tuple(sorted(set(tally.skipped))),
        dropped=dict(sorted(tally.dropped.items())),
        accepted=HARMLESS_SKIPS | ABSENT_BY_CLONE if settings.allow_shallow else HARMLESS_SKIPS,
    )
    return Report(
        target=_placed(job),
        findings=findings,
        rules={finding.rule_id: rules[finding.rule_id] for finding in findings},
        stats=stats,
        tool_version=__version__,
        rules_digest=ruleset.digest,
        rule_count=len(ruleset.rules),
        exit_code=_exit_code(standing, stats, exit_zero=exit_zero),
        below_threshold=below,
        standing=standing,
    )


def _placed(job: Job) -> Target:
    """Return the target with the repository it came from and the commit it stood at, where there is a repository."""
    if job.repository is None:
        return job.target
    revision = job.target.revision or origin.head_commit(job.repository)
    return replace(job.target, revision=revision, repository_uri=origin.origin_uri(job.repository))


def _codeowners(job: Job, findings: Sequence[Finding]) -> str:
    """Return the text that tells who sees to which path; of HEAD where history is read, else of the folder."""
    if not findings:
        return ""
    return codeowners.in_head(job.repository) if job.repository else codeowners.in_folder(job.target.location)


def _exit_code(standing: Standing, stats: ScanStats, *, exit_zero: bool) -> int:
    if any(skip.reason == SkipReason.INTERRUPTED for skip in stats.skipped):
        return INTERRUPTED
    if standing.new and not exit_zero:
        return FOUND
    return CLEAN if stats.is_complete else INCOMPLETE


def _accept(rules: Mapping[str, Rule], exclude: PathGlobs) -> Accept:
    """Return what tells whether a rule looks at a path; a pattern that takes too long fits, so that nothing is lost."""
    slow: set[str] = set()

    def fits(rule_id: str, pattern: str, path: str) -> bool:
        import regex

        try:
            return rule_id in slow or regex.search(pattern, path, timeout=PATTERN_TIMEOUT_S) is not None
        except TimeoutError:
            slow.add(rule_id)
            return True

    def accept(rule_id: str, path: str) -> bool:
        pattern = rules[rule_id].path_pattern
        return not exclude.is_match(path) and (pattern is None or fits(rule_id, pattern, path))

    return accept


def _attribution_or_none(job: Job, tally: Tally, ruleset: Ruleset, settings: Config, accept: Accept) -> Attribution:
    """Return the attribution; where git cannot tell it, every finding without a path or a story, and a skip."""
    try:
        return _attribution(job, tally, ruleset, settings, accept)
    except GitError as error:
        tally.skipped.append(Skip(SkipReason.GIT_FAILED, "the history of what was found", str(error)))
        return Attribution([one for blob in tally.found for one in seen_in(blob, [(Provenance(_NO_PATH), 0)])], {})


def _attribution(job: Job, tally: Tally, ruleset: Ruleset, settings: Config, accept: Accept) -> Attribution:
    """Return every match at every place of its blob, and the stories where history was read."""
    found = tally.found
    if not found:
        return Attribution([], {})
    if job.repository is None or job.before is not None:
        seen = _seen_staged(found, job, ruleset, settings) if job.repository else _seen_as_named(found)
        return Attribution([one for one in seen if accept(one.match.rule_id, one.provenance.path)], {})
    from scanner.commands.attributing import attribute_history, attribute_range
    from scanner.commands.reading import CYCLE

    processes = settings.jobs or usable_cores()
    if job.revisions == history.EVERYTHING:
        cycles = {skip.what for skip in tally.skipped if skip.detail == CYCLE}
        return attribute_history(job.repository, found, accept, processes=processes, cycles=cycles)
    search = partial(_search, ruleset, job.repository, settings)
    return attribute_range(job.repository, job.revisions, found, accept, search, processes=processes)


def _search(
    ruleset: Ruleset, repository: git.Repository, settings: Config, oids: Iterable[str]
) -> Sequence[BlobMatches]:
    limits = {"max_blob_bytes": settings.max_blob_bytes, "max_decode_depth": settings.max_decode_depth}
    scanner = Scanner(ruleset, repository, **limits)
    try:
        return scanner([one for one in objects_of(repository, oids) if isinstance(one, ObjectEntry)]).found
    finally:
        scanner.close()


def _seen_as_named(found: Sequence[BlobMatches]) -> list[Seen]:
    return [one for blob in found for one in seen_in(blob, [(Provenance(blob.path or ""), 0)])]


def _seen_staged(found: Sequence[BlobMatches], job: Job, ruleset: Ruleset, settings: Config) -> list[Seen]:
    """Return what the index brings in: secrets that the file in HEAD does not hold, neither plainly nor encoded."""
    if job.repository is None or job.before is None:
        return []
    seen: list[tuple[str, Seen]] = []
    with ObjectReader(job.repository) as reader:
        for blob in found:
            path = blob.path or ""
            old = job.before.get(path) or ""
            data = reader.read(old) if old else None
            seen += [(old, one) for one in seen_in(blob, [(Provenance(path), 0)]) if not _is_spelled_out(one, data)]
    asked = {old for old, _ in seen} - {""}
    held = {
        (blob.oid, match.secret.value)
        for blob in (_search(ruleset, job.repository, settings, asked) if asked else ())
        for match in blob.matches
    }
    return [one for old, one in seen if (old, one.match.secret.value) not in held]


def _is_spelled_out(one: Seen, data: bytes | Skip | None) -> bool:
    return isinstance(data, bytes) and one.match.secret.value.encode("utf-8", "surrogateescape") in data
