"""The command line as argparse sees it.

Each command is named `MODULE.FUNCTION` of `scanner.commands`, and imported when it runs.
"""

from __future__ import annotations

import argparse

from scanner import __version__
from scanner.model import CONFIDENCES, ENTRY_STATES, SEVERITIES
from scanner.reporters import FORMATS

HOOK_STAGES = ("pre-commit", "pre-push", "commit-msg")


def parser() -> argparse.ArgumentParser:
    """Return the parser; parsing decides and opens nothing."""
    top = argparse.ArgumentParser(
        prog="leaksweep",
        description="Find credentials in working trees and in the whole history of git repositories.",
        epilog="exit codes: 0 clean, 1 findings, 2 usage, configuration or environment error, "
        "3 nothing found but the scan is incomplete, 4 internal error, 130 interrupted",
    )
    top.add_argument("--version", action="version", version=f"leaksweep {__version__}")
    verbs = top.add_subparsers(required=True, metavar="COMMAND")
    _add_scan(verbs.add_parser("scan", help="scan files, a history, a range or what is staged"))
    _add_ci(verbs.add_parser("ci", help="scan what the event of a CI system brought in"))
    _add_hooks(verbs)
    _add_sweep(
        verbs.add_parser(
            "sweep",
            help="scan many repositories, and remember what was read",
            description="Scan the whole history of many repositories. A killed sweep goes on where it was; the "
            "next one reads only what is new.",
            epilog="exit codes: 1 if --fail-on is reached, else 3 if anything failed or is incomplete, else 0",
        )
    )
    _add_baseline(verbs.add_parser("baseline", help="create and tend the file of known findings"))
    _add_report(verbs.add_parser("report", help="tell a saved scan (-f json) again in other formats"))
    _add_show(verbs.add_parser("show", help="tell the whole story of one finding of a saved scan"))
    _add_rules(verbs.add_parser("rules", help="list, show, check or test rules"))
    explain = verbs.add_parser("explain", help="tell what a rule finds, or what the rules made of a line")
    explain.add_argument("what", metavar="RULE_ID|FILE:LINE")
    explain.set_defaults(command="explaining.explain")
    config = verbs.add_parser("config", help="show the configuration").add_subparsers(required=True, metavar="ACTION")
    show = config.add_parser("show", help="print the effective values and where each came from")
    show.add_argument("--config", metavar="FILE")
    show.set_defaults(command="config.config_show")
    return top


def _add_scan(scan: argparse.ArgumentParser) -> None:
    scan.set_defaults(command="scan.scan")
    add = scan.add_argument
    add(
        "path",
        nargs="?",
        default=".",
        metavar="PATH",
        help="folder, file, repository, or - for standard input",
    )
    add("--history", action="store_true", help="every object of the repository, reachable or not")
    add("--range", metavar="A..B", help="what the commits of the range introduced")
    add("--since", metavar="REV", help="the same as --range REV..HEAD")
    add("--staged", action="store_true", help="what the index would commit")
    add("--all-files", action="store_true", default=None, help="ignored files too")
    add("--path-hint", metavar="NAME", help="the path to report for standard input")
    _add_common(scan)


def _add_common(scan: argparse.ArgumentParser) -> None:
    """Add what every command that scans and reports takes: reports, rules, limits, thresholds, decisions."""
    _add_reports(scan)
    _add_limits(scan)
    add = scan.add_argument
    add("--min-severity", choices=SEVERITIES, help="report from this severity on")
    add("--min-confidence", choices=CONFIDENCES, help="report from this confidence on (default: medium)")
    _add_decisions(scan)
    add("--show-secrets", action="store_true", help="print secrets in full")
    _add_detail(scan)
    add("--exit-zero", action="store_true", help="exit 0 in spite of findings")
    add("--no-progress", dest="progress", action="store_false", help="no progress display")
    add("--quiet", action="store_true", help="findings only")
    add("--verbose", action="store_true", help="name every skipped thing and every reason to drop a match")


def _add_reports(scan: argparse.ArgumentParser) -> None:
    add = scan.add_argument
    add(
        "-f",
        "--format",
        action="append",
        choices=FORMATS,
        help="format of a report; repeatable (default: text)",
    )
    add(
        "-o",
        "--output",
        action="append",
        metavar="PATH",
        help="file of the report at the same place in the -f list",
    )


def _add_limits(scan: argparse.ArgumentParser) -> None:
    """Add what decides on what is read, and with which rules."""
    add = scan.add_argument
    add("-j", "--jobs", type=_number, metavar="N", help="worker processes (default: the cores it may use)")
    add("--rules", action="append", metavar="PATH", help="more rules: a file or a folder; repeatable")
    add(
        "--no-default-rules",
        dest="use_default_rules",
        action="store_false",
        default=None,
        help="only those of --rules",
    )
    add("--rule", dest="only_rules", action="append", metavar="ID", help="only this rule; repeatable")
    add("--exclude", action="append", metavar="GLOB", help="leave out these paths; repeatable")
    add(
        "--max-blob-bytes",
        type=_number,
        metavar="N",
        help="skip what is larger, and say so (default: 100 MiB)",
    )
    add(
        "--max-decode-depth",
        type=_number,
        metavar="N",
        help="decode and unpack so deep, 0 for not at all (default: 3)",
    )
    add(
        "--allow-shallow",
        action="store_true",
        default=None,
        help="a shallow or partial clone counts as complete",
    )
    add("--config", metavar="FILE", help="configuration file (default: .leaksweep.yml in PATH)")


def _add_decisions(scan: argparse.ArgumentParser) -> None:
    """Add what tells which findings are settled."""
    add = scan.add_argument
    add("--baseline", metavar="FILE", help="known findings (default: .leaksweep-baseline.json in the root)")
    add("--no-baseline", dest="use_baseline", action="store_false", help="every finding counts as new")
    add(
        "--grace-new-rules",
        metavar="DAY",
        help="up to that day (YYYY-MM-DD) findings of rules newer than the baseline warn, and do not fail",
    )
    add("--ignore-file", metavar="FILE", help="settled paths (default: .leaksweep-ignore in the root)")
    add("--no-inline-allow", dest="reads_marks", action="store_false", help="marks in the text settle nothing")
    add(
        "--trust-ref",
        metavar="REV",
        help="baseline, ignore file, configuration, rules and marks count only as they stand at REV",
    )
    add("--show-suppressed", action="store_true", help="report known and suppressed findings too, marked as such")


def _add_ci(ci: argparse.ArgumentParser) -> None:
    ci.set_defaults(command="ci.ci")
    ci.add_argument("path", nargs="?", default=".", metavar="PATH", help="the repository")
    ci.add_argument("--event-path", metavar="FILE", help="the event's payload (default: $GITHUB_EVENT_PATH)")
    ci.add_argument("--print-range", action="store_true", help="print the resolved range as NAME=VALUE lines and end")
    _add_common(ci)


def _add_hooks(verbs: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    hook = verbs.add_parser("hook", help="run as a git hook, by itself or under pre-commit")
    hook.set_defaults(command="hook.hook")
    hook.add_argument("stage", choices=HOOK_STAGES)
    hook.add_argument("arguments", nargs="*", metavar="ARGUMENT", help="what git gives to the hook")
    _add_common(hook)
    install = verbs.add_parser("install-hook", help="install git hooks that run leaksweep, beside those that are there")
    install.set_defaults(command="hook.install_hook")
    install.add_argument("path", nargs="?", default=".", metavar="PATH", help="the repository")
    install.add_argument(
        "--stage", dest="stages", action="append", choices=HOOK_STAGES, help="repeatable (default: pre-commit)"
    )
    install.add_argument("--remove", action="store_true", help="remove them, and put back what was there")


def _add_baseline(baseline: argparse.ArgumentParser) -> None:
    verbs = baseline.add_subparsers(required=True, metavar="ACTION")
    plan = (
        ("create", "note down every finding in a new file"),
        ("update", "add what is new, follow what moved"),
        ("prune", "take out what is gone or expired"),
        ("audit", "decide on each finding, one a screen"),
        ("show", "list the entries"),
        ("diff", "tell what is new, moved, gone or expired"),
    )
    for name, text in plan:
        verb = verbs.add_parser(name, help=text)
        verb.set_defaults(command=f"{'audit' if name == 'audit' else 'baseline'}.{name}")
        verb.add_argument("path", nargs="?", default=".", metavar="PATH", help="folder or repository")
        verb.add_argument("--baseline", metavar="FILE", help="the file (default: .leaksweep-baseline.json in the root)")
        if name == "show":
            verb.add_argument(
                "--state", dest="states", action="append", default=[], choices=ENTRY_STATES, help="repeatable"
            )
            verb.add_argument("--expired", action="store_true", help="only those that no longer hold")
        else:
            _add_baseline_scan(verb)
        if name in ("create", "update"):
            _add_verdict(verb)
    _add_import(verbs.add_parser("import", help="note down what the files of other tools know"))
    verbs.choices["create"].add_argument("--force", action="store_true", help="start anew where there is one")
    verbs.choices["audit"].add_argument("--all", action="store_true", help="those with a verdict too")
    verbs.choices["prune"].add_argument("--dry-run", action="store_true", help="tell, and leave the file as it is")


def _add_import(verb: argparse.ArgumentParser) -> None:
    verb.set_defaults(command="importing.import_")
    verb.add_argument("files", nargs="+", metavar="FILE", help="a baseline, report or ignore file of another tool")
    verb.add_argument("--path", default=".", help="the repository that it is about (default: the current folder)")
    verb.add_argument("--baseline", metavar="FILE", help="the file (default: .leaksweep-baseline.json in the root)")
    _add_baseline_scan(verb)
    verb.add_argument("--reason", default="", metavar="TEXT", help="why they are accepted")
    verb.add_argument("--owner", default="", metavar="NAME", help="who answers for them")
    verb.add_argument("--expires", default="", metavar="DAY", help="last day on which they hold, YYYY-MM-DD")


def _add_baseline_scan(verb: argparse.ArgumentParser) -> None:
    verb.add_argument("--history", action="store_true", help="the whole history (kept in mind by the file)")
    _add_limits(verb)
    verb.add_argument("--no-progress", dest="progress", action="store_false", help="no progress display")


def _add_verdict(verb: argparse.ArgumentParser) -> None:
    verb.add_argument("--state", default="known", choices=ENTRY_STATES, help="of new entries (default: known)")
    verb.add_argument("--reason", default="", metavar="TEXT", help="why they are accepted")
    verb.add_argument("--owner", default="", metavar="NAME", help="who answers for them")
    verb.add_argument("--expires", default="", metavar="DAY", help="last day on which they hold, YYYY-MM-DD")


def _add_report(report: argparse.ArgumentParser) -> None:
    report.set_defaults(command="report.report")
    add = report.add_argument
    add("path", metavar="IN.json", help="what `leaksweep scan -f json -o IN.json` wrote, or - for standard input")
    add("-f", "--format", action="append", choices=FORMATS, help="format of a report; repeatable (default: text)")
    add("-o", "--output", action="append", metavar="PATH", help="file of the report at the same place in the -f list")
    add("--show-secrets", action="store_true", help="print secrets in full, if the saved scan holds them")
    _add_detail(report)
    add("--show-suppressed", action="store_true", help="known and suppressed findings too, marked as such")
    add("--quiet", action="store_true", help="findings only")
    add("--verbose", action="store_true", help="name every skipped thing and every reason to drop a match")


def _add_sweep(sweep: argparse.ArgumentParser) -> None:
    sweep.set_defaults(command="sweep.sweep")
    add = sweep.add_argument
    add(
        "targets",
        nargs="*",
        metavar="TARGET",
        help="repositories, folders that hold some, URLs to clone; or one of these words: status (what is done), "
        "report (tell what the store holds), forget TARGET...",
    )
    add(
        "--from",
        dest="lists",
        action="append",
        metavar="FILE",
        help="a list of targets, one a line; - for standard input",
    )
    add(
        "--github-org", action="append", metavar="ORG", help="all of an organisation (token: $GITHUB_TOKEN); repeatable"
    )
    add("--gitlab-group", action="append", metavar="GROUP", help="all of a group (token: $GITLAB_TOKEN); repeatable")
    add("--github-api", metavar="URL", help="the API of a GitHub of one's own (default: $GITHUB_API_URL)")
    add("--gitlab-api", metavar="URL", help="the API of a GitLab of one's own (default: $CI_API_V4_URL)")
    add("--skip-archived", action="store_true", help="leave out archived repositories of --github-org, --gitlab-group")
    add("--skip-forks", action="store_true", help="leave out forks of --github-org, --gitlab-group")
    add("--store", metavar="FILE", help="what the sweep remembers (default: the user's own)")
    add("--cache", metavar="DIR", help="the folder of clones (default: beside the store)")
    add("--executor", metavar="dask://HOST:PORT", help="read on a Dask cluster (extra: leaksweep[dask])")
    add(
        "--memory-megabytes",
        type=_number,
        default=4_096,
        metavar="N",
        help="for all that is read at once (default: 4096)",
    )
    add(
        "--report-dir",
        dest="report_directory",
        metavar="DIR",
        help="write summary.json, findings.csv, index.html, sarif/",
    )
    add("--fail-on", choices=SEVERITIES, help="exit 1 if there is a finding of this severity or above")
    add("--log", metavar="FILE", help="append a log in JSON lines")
    add("-j", "--jobs", type=_number, metavar="N", help="worker processes (default: the cores it may use)")
    add("--rules", action="append", metavar="PATH", help="more rules: a file or a folder; repeatable")
    add(
        "--no-default-rules", dest="use_default_rules", action="store_false", default=None, help="only those of --rules"
    )
    add("--min-severity", choices=SEVERITIES, help="report from this severity on")
    add("--min-confidence", choices=CONFIDENCES, help="report from this confidence on (default: medium)")
    add("--max-blob-bytes", type=_number, metavar="N", help="skip what is larger, and say so (default: 100 MiB)")
    add("--allow-shallow", action="store_true", help="a shallow or partial clone counts as complete")
    add("--no-progress", dest="progress", action="store_false", help="no progress display")


def _add_show(show: argparse.ArgumentParser) -> None:
    show.set_defaults(command="show.show")
    add = show.add_argument
    add("fingerprint", metavar="FINGERPRINT", help="of the finding, or its beginning")
    add(
        "path",
        nargs="?",
        default="-",
        metavar="REPORT.json",
        help="a scan saved with -f json (default: stdin)",
    )
    add("--show-authors", action="store_true", help="print the addresses of authors, if the saved scan holds them")


def _add_detail(command: argparse.ArgumentParser) -> None:
    add = command.add_argument
    add("--show-authors", action="store_true", help="print the addresses of authors and committers")
    add("--all-occurrences", action="store_true", help="list every place and event of each secret, not the first 10")


def _add_rules(rules: argparse.ArgumentParser) -> None:
    verbs = rules.add_subparsers(required=True, metavar="ACTION")
    plan: tuple[tuple[str, str, str], ...] = (
        ("list", "rules.rules_list", "list the rules"),
        ("show", "rules.rules_show", "print one rule"),
        ("check", "rules.rules_check", "find what is wrong with rules"),
        ("test", "rules.rules_test", "run the examples of rules"),
    )
    for name, command, text in plan:
        verb = verbs.add_parser(name, help=text)
        verb.set_defaults(command=command)
        if name == "show":
            verb.add_argument("rule_id", metavar="ID")
        elif name in ("check", "test"):
            verb.add_argument("path", nargs="?", metavar="PATH")
        if name in ("list", "show"):
            verb.add_argument("--rules", action="append", default=[], metavar="PATH")
        if name == "list":
            verb.add_argument(
                "-f", "--format", dest="list_format", choices=("text", "json", "markdown"), default="text"
            )
    _add_rules_import(verbs.add_parser("import", help="make rules of a gitleaks configuration"))


def _add_rules_import(verb: argparse.ArgumentParser) -> None:
    verb.set_defaults(command="importing.rules_import")
    verb.add_argument("file", metavar="FILE", help="a .gitleaks.toml")
    # Not `output`, which names the files of reports.
    verb.add_argument("--to", dest="target", required=True, metavar="PATH", help="the rule file to write")
    verb.add_argument("--ignore-file", metavar="FILE", help="for its allowlists (default: .leaksweep-ignore beside)")
    verb.add_argument("--force", action="store_true", help="write over a rule file that is there")


def _number(text: str) -> int:
    if not text.isdecimal():
        raise argparse.ArgumentTypeError(f"{text!r} is not a number, 0 or more")
    return int(text)
