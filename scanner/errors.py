"""What the user can act on; anything else that is raised is a bug and keeps its traceback."""


class ScannerError(Exception):
    """An error whose message names the thing, the place and the cause; exit code 2."""


class UsageError(ScannerError):
    """Options that do not go together, or a path that is not there."""


class ConfigError(ScannerError):
    """A configuration file that cannot be read, or a key it may not hold."""


class RuleError(ScannerError):
    """A rule file or a rule that cannot be used."""


class BaselineError(ScannerError):
    """A baseline that cannot be read, trusted or written, or a foreign file that cannot be imported."""


class GitError(ScannerError):
    """Git is missing, refused, or gave an answer that cannot be right."""


class PlatformError(ScannerError):
    """A platform that could not list its repositories."""


class StoreError(ScannerError):
    """A store that cannot be used, or that another sweep holds."""


class ReportError(ScannerError):
    """A report that could not be written whole."""


class TerminatedError(Exception):
    """The process was asked to end by SIGTERM; exit code 143."""
