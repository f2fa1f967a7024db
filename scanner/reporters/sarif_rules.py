"""The tool of a SARIF run: its rules with what to do, its notifications, and the taxonomies they refer to."""

from __future__ import annotations

import re
from typing import Any

import sarif_om as om

from scanner.model import LEVEL_OF_SEVERITY, Report, Rule, SkipReason
from scanner.reporters.advice import playbook
from scanner.reporters.safe import printable, safe_url
from scanner.reporters.taxonomies import TAXONOMIES, Taxonomy, owasp_of, weaknesses

HOME = "https://github.com/leaksweep/leaksweep"
SECURITY_SEVERITY = {"critical": "9.5", "high": "8.0", "medium": "5.0", "low": "2.0"}
_PRECISION = {"high": "very-high", "medium": "high", "low": "medium"}
_MAX_TEXT, _MAX_NAME, _MAX_TAGS = 1024, 255, 10
"""What GitHub keeps of a description, a name and of tags."""


def driver(report: Report, rules: list[Rule]) -> Any:
    """Return the tool component of leaksweep; a rule's index is its place in `rules`."""
    return om.ToolComponent(
        name="leaksweep",
        full_name=f"leaksweep {printable(report.tool_version)}",
        version=printable(report.tool_version),
        semantic_version=printable(report.tool_version),
        information_uri=HOME,
        short_description=_text("Finds credentials in work trees and in the history of git repositories."),
        rules=[_rule(rule) for rule in rules],
        notifications=[_notification(reason) for reason in sorted({s.reason for s in report.stats.skipped})],
        supported_taxonomies=[om.ToolComponentReference(name=t.name, index=i) for i, t in enumerate(TAXONOMIES)],
        properties={"rulesDigest": printable(report.rules_digest), "ruleCount": report.rule_count},
    )


def notification_id(reason: SkipReason) -> str:
    """Return the id of the notification on things that were not read for `reason`."""
    return f"not-read/{re.sub('[^a-z]+', '-', reason.lower())}"


def _notification(reason: SkipReason) -> Any:
    told = f"Something was not read, or not to its end: {reason}."
    advice = "What was not read may hold secrets: the scan counts as incomplete unless the reason is an accepted one."
    return om.ReportingDescriptor(
        id=notification_id(reason),
        name=f"NotRead{''.join(word.capitalize() for word in re.findall('[a-z]+', reason.lower()))}",
        short_description=_text(told),
        full_description=_text(told),
        help=_text(advice),
        help_uri=HOME,
    )


def _rule(rule: Rule) -> Any:
    cwe_ids = weaknesses(rule)
    return om.ReportingDescriptor(
        id=rule.id,
        name="".join(part.capitalize() for part in re.split(r"[^A-Za-z0-9]+", rule.id))[:_MAX_NAME],
        short_description=_text(_sentence(rule.name)),
        full_description=_text(_sentence(rule.description)),
        help=om.MultiformatMessageString(text=_help_text(rule), markdown=_help_markdown(rule)),
        help_uri=next(filter(None, map(safe_url, rule.references)), HOME),
        default_configuration=om.ReportingConfiguration(level=LEVEL_OF_SEVERITY[rule.severity]),
        relationships=_relationships(cwe_ids),
        properties={
            "tags": _tags(rule, cwe_ids),
            "precision": _PRECISION[rule.confidence],
            "security-severity": SECURITY_SEVERITY[rule.severity],
        },
    )


def _tags(rule: Rule, cwe_ids: tuple[str, ...]) -> list[str]:
    cwe_tags = [f"external/cwe/{cwe.lower()}" for cwe in cwe_ids]
    others = [printable(tag) for tag in rule.tags if "cwe-" not in tag]
    return list(dict.fromkeys(["security", *cwe_tags, "secret", *others]))[:_MAX_TAGS]


def _help_text(rule: Rule) -> str:
    steps = " ".join(f"{i}. {step.name.capitalize()}: {step.text}" for i, step in enumerate(playbook(rule), 1))
    url = safe_url(rule.revoke_url)
    where = f" Revoke it at {url} ." if url else ""
    return f"{_sentence(printable(rule.description))} What to do: {steps}{where}".replace("`", "'")


def _help_markdown(rule: Rule) -> str:
    lines = [f"**{_escaped(rule.name)}**", "", _escaped(rule.description), "", "What to do:", ""]
    lines += [f"{i}. **{step.name.capitalize()}.** {step.text}" for i, step in enumerate(playbook(rule), 1)]
    links = [("Revoke it", rule.revoke_url)] + [("Read more", url) for url in rule.references]
    told = [f"- [{word}]({url})" for word, raw in dict.fromkeys(links) if (url := safe_url(raw))]
    return "\n".join([*lines, "", *told]).rstrip("\n")


def _escaped(text: str) -> str:
    return re.sub(r"([\\`*_\[\]<>|#])", r"\\\1", printable(text))


def _relationships(cwe_ids: tuple[str, ...]) -> list[Any]:
    found = []
    for taxonomy, ids in zip(TAXONOMIES, (cwe_ids, owasp_of(cwe_ids)), strict=True):
        numbers = {entry.id: i for i, entry in enumerate(taxonomy.entries)}
        component = om.ToolComponentReference(name=taxonomy.name, index=TAXONOMIES.index(taxonomy))
        for one in ids:
            target = om.ReportingDescriptorReference(id=one, index=numbers[one], tool_component=component)
            found.append(om.ReportingDescriptorRelationship(target=target, kinds=["superset"]))
    return found


def taxonomy_component(taxonomy: Taxonomy) -> Any:
    """Return a taxonomy as a tool component of the run."""
    return om.ToolComponent(
        name=taxonomy.name,
        version=taxonomy.version,
        organization=taxonomy.organisation,
        information_uri=taxonomy.url,
        short_description=_text(f"{taxonomy.name}, {taxonomy.version}."),
        taxa=[
            om.ReportingDescriptor(
                id=entry.id, name=entry.title, short_description=_text(f"{entry.title}."), help_uri=entry.url
            )
            for entry in taxonomy.entries
        ],
    )


def _text(text: str) -> Any:
    return om.MultiformatMessageString(text=printable(text)[:_MAX_TEXT])


def _sentence(text: str) -> str:
    return text if text.endswith(".") else f"{text}."
