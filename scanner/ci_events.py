"""What a CI system says has changed, read from its variables and its event payload: a Change, not yet looked up in git.

Sources: GitHub's "Webhook events and payloads" and "Variables reference"; GitLab's "Predefined CI/CD variables";
Bitbucket's "Variables and secrets"; Azure's "Use predefined variables"; the Jenkins Git and Branch API plugins.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from scanner.errors import UsageError
from scanner.model import Change, ChangeKind

_NO_COMMIT = "0"


def change_of(variables: Mapping[str, str], payload: Mapping[str, Any] | None = None) -> Change:
    """Return what the CI system in whose environment `variables` stand asks to be looked at.

    `payload` is the event file of GitHub. Raises UsageError where no system is recognised or a commit is not named.
    """
    if variables.get("GITHUB_ACTIONS") or (payload is not None and not _platform(variables)):
        return _github(variables, payload or {})
    read = _platform(variables)
    if read is not None:
        return read(variables)
    raise UsageError("no CI system is recognised: give --range A..B or --history to `leaksweep scan`")


def _platform(variables: Mapping[str, str]) -> Callable[[Mapping[str, str]], Change] | None:
    """Return the reader of the system, other than GitHub, whose own variable is set."""
    known = {
        "GITLAB_CI": _gitlab,
        "BITBUCKET_BUILD_NUMBER": _bitbucket,
        "TF_BUILD": _azure,
        "JENKINS_URL": _jenkins,
    }
    return next((read for name, read in known.items() if variables.get(name)), None)


def is_no_commit(oid: str | None) -> bool:
    """Return whether `oid` is absent or all zeros, as CI systems write "there was none"."""
    return not oid or not oid.strip(_NO_COMMIT)


# --- GitHub ------------------------------------------------------------------------------------------


def _github(variables: Mapping[str, str], payload: Mapping[str, Any]) -> Change:
    event = variables.get("GITHUB_EVENT_NAME") or _guessed_event(payload)
    default = _text(payload, "repository", "default_branch")
    match event:
        case "pull_request" | "pull_request_target" | "pull_request_review":
            base, head = _text(payload, "pull_request", "base", "sha"), _text(payload, "pull_request", "head", "sha")
            return _compared("GitHub", event, base, head, default)
        case "merge_group":
            base, head = _text(payload, "merge_group", "base_sha"), _text(payload, "merge_group", "head_sha")
            return _compared("GitHub", event, base, head, default)
        case "push":
            return _github_push(payload, default)
        case _:
            return Change(ChangeKind.FULL, "GitHub", event or "unknown event", default_branch=default)


def _guessed_event(payload: Mapping[str, Any]) -> str:
    if "pull_request" in payload:
        return "pull_request"
    if "merge_group" in payload:
        return "merge_group"
    return "push" if "before" in payload and "after" in payload else ""


def _github_push(payload: Mapping[str, Any], default: str) -> Change:
    before, after = _text(payload, "before"), _text(payload, "after")
    return _pushed("GitHub", before, after, ref=_text(payload, "ref"), default=default)


# --- the others --------------------------------------------------------------------------------------


def _gitlab(variables: Mapping[str, str]) -> Change:
    get, default = variables.get, variables.get("CI_DEFAULT_BRANCH", "")
    source = get("CI_PIPELINE_SOURCE", "")
    head = get("CI_COMMIT_SHA", "")
    if source == "merge_request_event":
        # In a merged-results pipeline CI_COMMIT_SHA is a merge that is in no branch.
        source_head = get("CI_MERGE_REQUEST_SOURCE_BRANCH_SHA") or head
        return _compared("GitLab", source, get("CI_MERGE_REQUEST_DIFF_BASE_SHA", ""), source_head, default)
    if source in ("push", "external_pull_request_event") or get("CI_COMMIT_TAG"):
        tag = get("CI_COMMIT_TAG")
        ref = f"refs/tags/{tag}" if tag else f"refs/heads/{get('CI_COMMIT_BRANCH', '')}"
        return _pushed("GitLab", get("CI_COMMIT_BEFORE_SHA", ""), head, ref=ref, default=default)
    return Change(ChangeKind.FULL, "GitLab", source or "pipeline", default_branch=default)


def _bitbucket(variables: Mapping[str, str]) -> Change:
    get = variables.get
    head = get("BITBUCKET_COMMIT", "")
    if get("BITBUCKET_PR_ID"):
        return _compared("Bitbucket", "pull request", get("BITBUCKET_PR_DESTINATION_COMMIT", ""), head, "")
    tag, branch = get("BITBUCKET_TAG"), get("BITBUCKET_BRANCH")
    if tag or branch:
        return _pushed("Bitbucket", "", head, ref=f"refs/tags/{tag}" if tag else f"refs/heads/{branch}", default="")
    return Change(ChangeKind.FULL, "Bitbucket", "pipeline")


def _azure(variables: Mapping[str, str]) -> Change:
    get = variables.get
    reason, head = get("BUILD_REASON", ""), get("BUILD_SOURCEVERSION", "")
    if reason == "PullRequest":
        target = get("SYSTEM_PULLREQUEST_TARGETBRANCH", "").removeprefix("refs/heads/")
        return _compared("Azure", reason, f"refs/remotes/origin/{target}" if target else "", _azure_head(variables), "")
    if reason in ("IndividualCI", "BatchedCI"):
        return _pushed("Azure", "", head, ref=get("BUILD_SOURCEBRANCH", ""), default="")
    return Change(ChangeKind.FULL, "Azure", reason or "build")


def _azure_head(variables: Mapping[str, str]) -> str:
    return variables.get("SYSTEM_PULLREQUEST_SOURCECOMMITID") or variables.get("BUILD_SOURCEVERSION", "")


def _jenkins(variables: Mapping[str, str]) -> Change:
    get = variables.get
    head = get("GIT_COMMIT", "")
    if get("CHANGE_TARGET"):
        return _compared("Jenkins", "change request", f"refs/remotes/origin/{get('CHANGE_TARGET')}", head, "")
    if head:
        branch = get("BRANCH_NAME") or get("GIT_BRANCH", "").removeprefix("origin/")
        before = get("GIT_PREVIOUS_SUCCESSFUL_COMMIT", "")
        return _pushed("Jenkins", before, head, ref=f"refs/heads/{branch}", default="")
    return Change(ChangeKind.FULL, "Jenkins", "build")


# --- what they have in common ------------------------------------------------------------------------


def _compared(platform: str, event: str, base: str, head: str, default: str) -> Change:
    if is_no_commit(base) or is_no_commit(head):
        raise UsageError(f"{platform}: the event {event} does not name both ends of its range")
    return Change(ChangeKind.COMPARE, platform, event, base=base, head=head, default_branch=default)


def _pushed(platform: str, before: str, after: str, *, ref: str, default: str) -> Change:
    if is_no_commit(after):
        if ref and not is_no_commit(before):
            return Change(ChangeKind.NOTHING, platform, f"{ref} was deleted", default_branch=default)
        raise UsageError(f"{platform}: the push does not name the commit that was pushed")
    branch = ref.removeprefix("refs/heads/") if ref.startswith("refs/heads/") else ""
    kind = ChangeKind.UPDATE if branch else ChangeKind.FULL
    base = None if is_no_commit(before) else before
    return Change(kind, platform, f"push of {ref or after[:12]}", base, after, branch, default)


def _text(payload: Mapping[str, Any], *keys: str) -> str:
    """Return the text at a path of keys, or an empty text: a payload may hold anything anywhere."""
    value: Any = payload
    for key in keys:
        value = value.get(key) if isinstance(value, Mapping) else None
    return value if isinstance(value, str) else ""
