"""Symbolic links: where they may lead."""

import os
from dataclasses import dataclass

from search.paths import is_below
from search.protected import explain_protected

OUTSIDE = "symbolic link out of the source, which is not followed; the setting follow_outside_links allows it"


@dataclass(frozen=True)
class LinkRules:
    """Decides which symbolic links of a source are followed.

    Attributes:
        root: The path of the source without symbolic links.
        follows_outside: Whether links that lead out of the source are followed.
    """

    root: str
    follows_outside: bool

    def explain(self, real: str) -> str | None:
        """Return why a link is not followed, None if it is.

        Args:
            real: The path that it leads to, without symbolic links.
        """
        if (reason := explain_protected(real)) is not None:
            return f"symbolic link to a {reason}"
        return None if self.follows_outside or is_below(real, self.root) else OUTSIDE

    def explain_root(self, path: str, real: str) -> str | None:
        """Return why the file or folder at which a scan begins is not read, None if it is.

        Args:
            path: Its path.
            real: The same without symbolic links.
        """
        return explain_protected(path) if real == path else self.explain(real)


def make_link_rules(source: str, follows_outside: bool) -> LinkRules:
    """Return the rules for the links of a source.

    Args:
        source: The path of the source, which may be a link itself.
        follows_outside: Whether links that lead out of the source are followed.
    """
    return LinkRules(os.path.realpath(source), follows_outside)
