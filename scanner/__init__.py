"""leaksweep: find credentials in working trees and in the whole history of git repositories.

The rooms, in the order in which data flows through them:

    cli            argv in, exit code out; arguments: the parser
    commands       one function per subcommand: build the rooms, connect them
    config         configuration file and options -> Config
    ruleset        rules/*.yaml -> Ruleset, every field checked
    scan           the corridor: tasks -> matches -> findings
    fresh_scan     packs -> fresh lines -> matches, carried along from version to version
    sweep          many repositories, remembered in a store
    line_search    what contents say by their own lines; line_memory: what each distinct line told
    stretches      what each distinct stretch of changed lines told
    islands        what is encoded in a version, decoded again only around what changed
    workers        process pool: tasks out, results back, order kept
    sources        IN: files, index, git objects -> Blob
    wholes         which content must be read as a whole
    binary         the strings of binary content
    deep           what is hidden in a blob: containers and encodings, to a depth
    containers     files that hold files -> members
    structured     files whose structure names a value -> lines that say so
    decoders       encoded text -> layers that know where their bytes came from
    chunks         bytes -> text windows with positions
    ci_events      variables and payloads of CI systems -> Change
    engine         THINK: candidates, patterns, filters -> Match
    suppress       marks in the text and the ignore file -> Suppression
    findings       Match -> Finding: merge, sort, fingerprint
    attribution    where each secret stands at each commit -> Story
    assess         how urgent a finding is, and why; owners: CODEOWNERS
    environments   what the words of a path tell: production, tests
    baseline       the file of known findings: read, write, compare
    reporters      OUT: findings -> text
    saved          a report of -f json -> the same report again
    model, errors  the values and the errors that pass through the doors
"""

__version__ = "0.1.0"
