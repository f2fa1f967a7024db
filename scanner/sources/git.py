"""The one room that runs git: plumbing only, in an environment in which a repository's own settings do nothing.

A scanned repository is untrusted: its configuration, hooks, filters, drivers, pagers, fsmonitor and lazy fetch
must never run. See `_OVERRIDES` and `_FIXED` for how each is kept still.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import IO, Any, cast

from scanner.errors import GitError

_INHERITED = ("PATH", "HOME", "TMPDIR", "TEMP", "TMP", "SYSTEMROOT", "COMSPEC", "PATHEXT", "LD_LIBRARY_PATH")
_FIXED = {
    "LC_ALL": "C",
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_ATTR_NOSYSTEM": "1",
    "GIT_TERMINAL_PROMPT": "0",
    "GIT_OPTIONAL_LOCKS": "0",
    "GIT_NO_LAZY_FETCH": "1",
    "GIT_NO_REPLACE_OBJECTS": "1",
    "GIT_GRAFT_FILE": os.devnull,
    "GIT_ALLOW_PROTOCOL": "none",
    "GIT_PAGER": "cat",
    "GIT_ASKPASS": "true",
    "GIT_ADVICE": "0",
}
_OVERRIDES = {
    "core.fsmonitor": "false",
    "core.hooksPath": os.devnull,
    "core.commitGraph": "false",
    "core.pager": "cat",
    "core.attributesFile": os.devnull,
    "core.excludesFile": os.devnull,
    "core.untrackedCache": "false",
    "core.quotePath": "false",
    "core.alternateRefsCommand": "true",
    "core.precomposeUnicode": "false",
    "core.bigFileThreshold": "512m",
    # What git maps of packs at one time: more makes it no faster, and counts as memory of this program.
    "core.packedGitWindowSize": "16m",
    "core.packedGitLimit": "64m",
    "protocol.allow": "never",
    "safe.directory": "*",
    "log.showSignature": "false",
    "log.showRoot": "true",
    "diff.renames": "false",
    "color.ui": "false",
    "gc.auto": "0",
    "maintenance.auto": "false",
    "submodule.recurse": "false",
}


MAX_DATA_BYTES = 2 << 30
"""What a git process may allocate, packs not counted, which it maps: several times what the largest history takes.

In a pack whose objects build on each other in a ring, git goes round until the memory of the machine is full.
"""


@dataclass(frozen=True, slots=True)
class Repository:
    """A repository, resolved once. `work_tree` is None for a bare one; `prefix` is the asked folder inside it."""

    git_dir: str
    common_dir: str
    work_tree: str | None
    prefix: str
    is_shallow: bool
    object_format: str

    @property
    def zero_oid(self) -> str:
        """Return the object id of nothing."""
        return "0" * (2 * self.oid_bytes)

    @property
    def oid_bytes(self) -> int:
        """Return the number of bytes of an object id."""
        return 32 if self.object_format == "sha256" else 20


def environment() -> dict[str, str]:
    """Return the environment in which git runs: a short list of inherited variables, and fixed answers."""
    env = {name: os.environ[name] for name in _INHERITED if name in os.environ}
    env.update(_FIXED)
    env["GIT_CONFIG_COUNT"] = str(len(_OVERRIDES))
    for i, (key, value) in enumerate(_OVERRIDES.items()):
        env[f"GIT_CONFIG_KEY_{i}"] = key
        env[f"GIT_CONFIG_VALUE_{i}"] = value
    return env


def executable() -> str:
    """Return the absolute path of git, from PATH and never from the current folder; raises GitError."""
    folders = [folder for folder in os.environ.get("PATH", os.defpath).split(os.pathsep) if os.path.isabs(folder)]
    found = shutil.which("git", path=os.pathsep.join(folders))
    if found is None:
        raise GitError("git is not on the PATH")
    return found


def command(repository: Repository | str, arguments: Sequence[str]) -> list[str]:
    """Return the full command for `arguments` in a repository, or in a folder that may be one."""
    if isinstance(repository, str):
        return [executable(), "-C", repository, "--no-pager", *arguments]
    place = ["--git-dir", repository.git_dir]
    if repository.work_tree is not None:
        place += ["--work-tree", repository.work_tree]
    return [executable(), *place, "--no-pager", *arguments]


def run(
    repository: Repository | str, *arguments: str, stdin: bytes | None = None, allowed: Iterable[int] = (0,)
) -> bytes:
    """Return what git printed; raises GitError with git's own last words if its exit code is not `allowed`."""
    pipes = subprocess.PIPE
    with bounded(
        subprocess.Popen(command(repository, arguments), stdin=pipes, stdout=pipes, stderr=pipes, env=environment())
    ) as process:
        try:
            out, err = process.communicate(stdin if stdin is not None else b"")
        except BaseException:
            process.kill()
            raise
    if process.returncode not in allowed:
        raise GitError(f"git {arguments[0]}: {_last_words(err) or f'exit code {process.returncode}'}")
    return out


def most_memory() -> int:
    """Return what one git process may take that holds all objects of a giant in mind: half of the machine's memory."""
    try:
        return max(MAX_DATA_BYTES, os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // 2)
    except (AttributeError, OSError, ValueError):
        return MAX_DATA_BYTES


def bounded(process: subprocess.Popen[bytes], *, max_bytes: int = MAX_DATA_BYTES) -> subprocess.Popen[bytes]:
    """Return a git process that was just started, with a limit on its memory where the system has one."""
    with suppress(ImportError, AttributeError, OSError, ValueError):
        import resource

        _, hard = resource.prlimit(process.pid, resource.RLIMIT_DATA)
        limit = max_bytes if hard == resource.RLIM_INFINITY else min(hard, max_bytes)
        resource.prlimit(process.pid, resource.RLIMIT_DATA, (limit, hard))
    return process


def start(
    repository: Repository | str,
    *arguments: str,
    settings: Sequence[str] = (),
    stdin: IO[bytes] | None = None,
    max_bytes: int = MAX_DATA_BYTES,
) -> subprocess.Popen[bytes]:
    """Return a running git with pipes for its standard output and, unless it is a file, its standard input.

    Its errors are thrown away. `settings` are `key=value` of git's configuration.
    """
    options = [part for setting in settings for part in ("-c", setting)]
    program, *rest = command(repository, arguments)
    return bounded(
        subprocess.Popen(
            [program, *options, *rest],
            stdin=subprocess.PIPE if stdin is None else stdin,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=environment(),
        ),
        max_bytes=max_bytes,
    )


_NETWORK_INHERITED = (
    *("SSH_AUTH_SOCK", "SSH_AGENT_PID", "XDG_CONFIG_HOME", "USER", "LOGNAME", "GIT_CONFIG_GLOBAL", "GIT_SSL_CAINFO"),
    *(
        "http_proxy",
        "https_proxy",
        "HTTPS_PROXY",
        "HTTP_PROXY",
        "no_proxy",
        "NO_PROXY",
        "SSL_CERT_FILE",
        "SSL_CERT_DIR",
    ),
)
_NETWORK_DROPPED = ("GIT_CONFIG_GLOBAL", "GIT_ALLOW_PROTOCOL", "GIT_ASKPASS")


_NETWORK_OPTIONS = ("-c", "http.lowSpeedLimit=1", "-c", "http.lowSpeedTime=120")
_SSH = "ssh -oBatchMode=yes -oConnectTimeout=60 -oServerAliveInterval=30"
# A server that says nothing any more is given up; one that prepares a large pack says so every few seconds.


def network(arguments: Sequence[str], *, protocols: Sequence[str], timeout_s: float) -> None:
    """Run a git that may use the network, by these protocols only; raises GitError with its last words.

    The user's own configuration is in force, since it names the credential helpers; hooks, filters and whatever
    else a repository could bring are not. Nobody is asked for a password.
    """
    import tempfile

    env = {name: value for name, value in environment().items() if name not in _NETWORK_DROPPED}
    env |= {name: os.environ[name] for name in _NETWORK_INHERITED if name in os.environ}
    env["GIT_ALLOW_PROTOCOL"] = ":".join(protocols)
    env["GIT_SSH_COMMAND"] = _SSH
    for i, key in enumerate(_OVERRIDES):
        if key == "protocol.allow":
            env[f"GIT_CONFIG_VALUE_{i}"] = "user"
    # A file and not a pipe: after a timeout, what git itself started may hold a pipe open for long.
    with tempfile.TemporaryFile() as said:
        command = [executable(), *_NETWORK_OPTIONS, *arguments]
        streams: dict[str, Any] = {"stdin": subprocess.DEVNULL, "stdout": subprocess.DEVNULL, "stderr": said}
        try:
            done = subprocess.run(command, **streams, env=env, check=False, timeout=timeout_s)
        except subprocess.TimeoutExpired:
            raise GitError(f"no end after {timeout_s:.0f} seconds") from None
        said.seek(0)
        if done.returncode:
            raise GitError(_last_words(said.read()) or f"git ended with exit code {done.returncode}")


def lines(repository: Repository, *arguments: str, stdin: bytes = b"") -> Iterator[bytes]:
    """Yield the lines that git prints, without their ends; raises GitError at the end if git failed.

    `stdin` must be small enough for a pipe, or be read by git before it prints.
    """
    with start(repository, *arguments) as process:
        out = pipe(process.stdout)
        inp = pipe(process.stdin)
        inp.write(stdin)
        inp.close()
        for line in out:
            yield line.rstrip(b"\n")
    if process.returncode:
        raise GitError(f"git {arguments[0]} ended with exit code {process.returncode}")


def pipe(stream: IO[bytes] | None) -> IO[bytes]:
    """Return a stream that `start` opened."""
    if stream is None:
        raise RuntimeError("the process was started without pipes")
    return stream


def _last_words(stderr: bytes) -> str:
    words = [line for line in stderr.decode("utf-8", "replace").splitlines() if line.strip()]
    return re.sub(r"^(?:fatal|error): ", "", words[-1]) if words else ""


_FIELDS = (
    *("--absolute-git-dir", "--git-common-dir", "--is-bare-repository", "--is-shallow-repository"),
    *("--show-object-format", "--show-prefix"),
)


def find_repository(folder: str) -> Repository | None:
    """Return the repository that `folder` lies in (work tree, git folder or bare), or None."""
    try:
        printed = run(folder, "rev-parse", *_FIELDS)
    except GitError as error:
        if "not a git repository" in str(error):
            return None
        raise
    told = printed.removesuffix(b"\n").split(b"\n")
    if len(told) != len(_FIELDS):
        # A path holds a line feed: one question at a time.
        told = [run(folder, "rev-parse", field).removesuffix(b"\n") for field in _FIELDS]
    git_dir, common_dir, is_bare, is_shallow, object_format, prefix = map(os.fsdecode, told)
    if not os.path.isabs(common_dir):
        common_dir = os.path.normpath(os.path.join(folder, common_dir))
    work_tree = None if is_bare == "true" else _work_tree(folder)
    return Repository(git_dir, common_dir, work_tree, prefix, is_shallow == "true", object_format)


def _work_tree(folder: str) -> str | None:
    try:
        return os.fsdecode(run(folder, "rev-parse", "--show-toplevel").removesuffix(b"\n"))
    except GitError:
        return None


def open_repository(folder: str) -> Repository:
    """Return the repository that `folder` lies in; raises GitError if there is none."""
    repository = find_repository(folder)
    if repository is None:
        raise GitError(f"{folder}: not a git repository")
    return repository


def configured_hooks_path(repository: Repository) -> tuple[str, str]:
    """Return the scope and the value of `core.hooksPath`, or two empty texts; the user's own configuration counts here.

    Only for writing hooks on request: nothing that is scanned runs, and reading a value runs nothing either.
    """
    env = {name: value for name, value in environment().items() if not name.startswith("GIT_CONFIG")}
    env |= {name: os.environ[name] for name in ("XDG_CONFIG_HOME", "GIT_CONFIG_GLOBAL") if name in os.environ}
    done = subprocess.run(
        command(repository, ["config", "--show-scope", "--type=path", "-z", "--get", "core.hooksPath"]),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        env=env,
        check=False,
    )
    scope, _, value = os.fsdecode(done.stdout).rstrip("\0").partition("\0")
    return scope, value


def resolve_commit(repository: Repository, revision: str) -> str:
    """Return the object id of the commit that `revision` names; raises GitError if there is none."""
    import git

    git.refresh(executable())
    shell = git.Git(repository.git_dir)
    arguments = ["rev-parse", "--verify", "--quiet", "--end-of-options", f"{revision}^{{commit}}"]
    # Held while it runs: GitPython ends a process that nobody holds.
    running = shell.execute(command(repository, arguments), env=environment(), as_process=True)
    process = bounded(cast("subprocess.Popen[bytes]", running.proc))
    out, _ = process.communicate()
    if process.returncode or not out:
        raise GitError(f"unknown revision {revision!r}")
    return out.decode("ascii", "replace").strip()
