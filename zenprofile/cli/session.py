"""One run of the command line: the options that stand anywhere, the active profile, its store."""

import os
import sys
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

from zenprofile.cli import output
from zenprofile.core.entity import MANIFEST
from zenprofile.errors import Invalid, NotFound, Unsafe
from zenprofile.machine.active import Active, find_active
from zenprofile.machine.profiles import Profile, Profiles

if TYPE_CHECKING:
    from zenprofile.core.snapshot import Snapshot
    from zenprofile.errors import Problem
    from zenprofile.store.base import Options, Store

DEFAULT_TIMEOUT = 30.0
_TALK_THEMSELVES = frozenset({"pull", "push", "sync", "watch"})


class Session:
    """What a command gets as ``click.pass_obj``.

    Attributes:
        chosen: the profile named by ``--profile``; "" for none.
        format: ``table``, ``json`` or ``yaml``.
        timeout: seconds without any answer after which a network command ends.
        verbose: how often ``-v`` was given.
        quiet: whether hints, and the lines that say which profile is active, are left out.
        writes: whether a command writes that runs without the option parser.
        profiles: this machine's profiles.
    """

    def __init__(self) -> None:
        self.chosen = ""
        self.format = "table"
        self.timeout = DEFAULT_TIMEOUT
        self.verbose = 0
        self.quiet = os.environ.get("ZENPROFILE_QUIET", "") not in {"", "0"}
        self.profiles = Profiles()
        self._active: Active | None = None
        self._announced = False
        self._store: Store | None = None
        self._now: Snapshot | None = None
        self.writes = False
        self._at_end: list[Callable[[], None]] = []
        self._opened = False

    @property
    def active(self) -> Active:
        """The active profile and where that is said, without a word to the user.

        The first command on a machine makes the profile ``default``, unless it stands in a checkout with one.
        """
        if self._active is None:
            self._active = self._find_active()
        return self._active

    def _find_active(self, *, lenient: bool = False) -> Active:
        found = find_active(self.profiles, self.chosen, lenient=lenient)
        if found.is_checkout or self.profiles.exist():
            return found
        from zenprofile.usecases.profiles import make_default

        make_default(self.profiles)
        return find_active(self.profiles, self.chosen, lenient=lenient)

    def tolerate_broken_root(self) -> None:
        """Warn of an invalid root file instead of failing: for commands that work on other profiles too."""
        try:
            _ = self.active
        except (Invalid, Unsafe, NotFound) as error:
            place = f"{error.file}:{error.line}:{error.column}" if error.line else error.file
            todo = "'zenprofile init' there writes it anew" if isinstance(error, Invalid) else error.hint
            self.warn(output.safe_text(f"{place}: {error.message}; {todo}"))
            self._active = self._find_active(lenient=True)

    @property
    def scope(self) -> str:
        """``local`` where the repository names the active profile, else ``global``."""
        return self.active.scope

    @property
    def profile(self) -> Profile:
        """The active profile; says once on stderr which it is.

        Raises:
            NotFound: it is not on this machine.
        """
        found = self.active.existing()
        self.announce()
        return found

    @property
    def active_stack(self) -> str:
        """Name of the active stack: the repository's where it names one, else the profile's."""
        return self.active.stack

    def announce(self, *, about_profiles: bool = False) -> None:
        """Say on stderr, once, which profile is active.

        Args:
            about_profiles: for a command on profiles themselves, which says it in any case, and whether there is a
                repository root; other commands say nothing where the user has named the profile.
        """
        if self._announced:
            return
        self._announced = True
        active = self.active
        if about_profiles and not active.root:
            self.hint("Running without an active repository root.")
        if about_profiles or not self.chosen:
            self.hint(f"Running with active profile: '{output.safe_text(active.name)}' ({active.scope})")
        if active.overruled:
            text = (
                f"{active.named_by} names '{active.name}', and {active.overruled} another profile: the nearer decides"
            )
            self.warn_all([text])
        if active.profile is None:
            self.warn(f"the profile '{output.safe_text(active.name)}' is not on this machine")

    def store(self) -> "Store":
        """Open the active profile's store; it is closed when the command ends.

        Raises:
            ZenprofileError: as `zenprofile.store.registry.open_store`.
        """
        if self._store is None:
            self._store = self.open(self.profile)
        return self._store

    def now(self) -> "Snapshot":
        """Return the entities of now, the same snapshot for all that a command reads which writes nothing."""
        if self._now is None:
            self._now = self.store().snapshot()
        return self._now

    def relative_path(self, file: str) -> str:
        """Return the path of a document of the open store relative to the current folder; any other path unchanged."""
        from zenprofile.usecases.documents import relative_path

        return relative_path(self._store, file) if file and self._store is not None else file

    def relative_folder(self) -> str:
        """Return the open store's folder relative to the current one, with a slash behind it; "" if equal."""
        return self.relative_path(MANIFEST).removesuffix(MANIFEST)

    def locate(self, problem: "Problem") -> "Problem":
        """Return a problem with its file relative to the current folder."""
        return problem._replace(file=self.relative_path(problem.file))

    def find_profile(self, name: str) -> Profile:
        """Return the profile of a name: one of this machine's, or the checkout's that one stands in.

        Raises:
            NotFound: there is none.
        """
        from zenprofile.machine.active import find_profile

        return find_profile(self.profiles, name)

    def open(self, profile: Profile) -> "Store":
        """Open any profile's store; it is closed when the command ends."""
        from zenprofile.usecases.profiles import open_profile

        store = self.close_at_end(
            open_profile(self.profiles, profile, self.timeout, lambda line: self.warn_all([line]))
        )
        if profile.sync == "push" and self._may_have_to_push():
            self._call_at_end(self._push_what_changed(store))
        return store

    def _may_have_to_push(self) -> bool:
        context = _context()
        return context.find_root().invoked_subcommand not in _TALK_THEMSELVES if context else self.writes

    def close_at_end(self, store: "Store") -> "Store":
        """Register a store to be closed when the command ends, and its flavors for masking; return it."""
        from zenprofile.usecases import own_flavors

        own_flavors.use(store, first=not self._opened)
        self._opened = True
        self._call_at_end(store.close)
        return store

    def _call_at_end(self, call: Callable[[], None]) -> None:
        """Have something called when the command ends, what was last added first."""
        context = _context()
        if context is None:
            self._at_end.append(call)
        else:
            context.find_root().call_on_close(call)

    def close(self) -> None:
        """End a command that ran without the option parser, such as close its stores; of others the parser does so."""
        if self._at_end:
            call = self._at_end.pop()
            try:
                call()
            finally:
                self.close()

    def _push_what_changed(self, store: "Store") -> Callable[[], None]:
        """Return what is called when a command has ended: it pushes what the command has written."""
        before = store.head()

        def push() -> None:
            if store.head() != before and sys.exc_info()[0] is None:
                from zenprofile.usecases.sharing import push_after_write

                push_after_write(store, lambda line: self.warn_all([line]))

        return push

    def options(self, profile: Profile) -> "Options":
        """Return what opening a profile's store needs to know from this machine."""
        from zenprofile.usecases.profiles import options_of

        return options_of(self.profiles, profile, self.timeout)._replace(warn=lambda line: self.warn_all([line]))

    def show(self, data: Any, as_table: Callable[[], str], *, paged: bool = False) -> None:
        """Print a result to stdout in the format asked for.

        Args:
            data: of JSON's types.
            as_table: makes the text for people; called only where it is wanted.
            paged: whether a text that is longer than the terminal goes through git's pager.
        """
        if self.format == "json":
            output.print_result(output.as_json(data))
        elif self.format == "yaml":
            output.print_result(output.as_yaml(data))
        elif paged and sys.stdout.isatty():
            from zenprofile.cli import pager

            pager.show(as_table())
        else:
            output.print_result(as_table())

    def result(self, lines: Iterable[str]) -> None:
        """Print the lines of a result, made safe; nothing where there is none."""
        for line in lines:
            output.print_result(output.safe_text(line))

    def echo(self, text: str) -> None:
        """Print a line for people to stdout; in other formats the result alone is printed (`show`)."""
        if self.format == "table":
            output.print_result(text)

    @property
    def progress(self) -> Callable[[str], None] | None:
        """What shows progress on one line of a terminal, until something is printed; None where nobody looks."""
        return output.progress if not self.quiet and self.format == "table" and sys.stderr.isatty() else None

    def note(self, text: str) -> None:
        """Print a line to stderr; not with ``-o json``, where stderr holds the error object alone."""
        if self.format != "json":
            output.print_stderr(text)

    def hint(self, text: str) -> None:
        """Print a line to stderr, as `note`; not with ``-q``."""
        if not self.quiet:
            self.note(text)

    def warn(self, text: str) -> None:
        """Print a warning to stderr, as `note`."""
        if self.format != "json":
            output.print_stderr(f"{output.coloured('Warning:', output.YELLOW, sys.stderr)} {text}")

    def warn_all(self, lines: Iterable[str]) -> None:
        """Print warnings to stderr, made safe, as `note`."""
        for line in lines:
            self.warn(output.safe_text(line))

    def debug(self, text: str) -> None:
        """Print a line to stderr where ``-v`` asks for it."""
        if self.verbose:
            self.note(output.safe_text(text))


def _context() -> Any:
    """Return the option parser's context; None where a command runs without the parser."""
    parser = sys.modules.get("click")
    return parser.get_current_context(silent=True) if parser else None
