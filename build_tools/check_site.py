"""Find what would spoil a built site for its readers: broken links, other hosts, images without a description."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

# Elements whose address the browser fetches without being asked. Links (`a`) are the reader's own choice.
FETCHED = {
    ("script", "src"),
    ("img", "src"),
    ("iframe", "src"),
    ("source", "src"),
    ("video", "src"),
    ("audio", "src"),
    ("embed", "src"),
    ("object", "data"),
    ("link", "href"),
}
# Relations of `link` elements that are information and fetch nothing.
NOT_FETCHED_RELATIONS = {
    "canonical",
    "alternate",
    "author",
    "license",
    "next",
    "prev",
    "index",
    "search",
    "help",
    "top",
}
CSS_ADDRESS = re.compile(r"""(?:url\(\s*|@import\s+)["']?(https?:)?//(?!\s)[^"')\s]+""")
FILE_NAME = re.compile(r"^[\w./-]+\.(png|svg|jpe?g|gif|webp)$", re.IGNORECASE)


@dataclass
class Page(HTMLParser):
    """What one page refers to; fill with `feed`."""

    ids: set[str] = field(default_factory=set)
    links: list[str] = field(default_factory=list)
    fetched: list[str] = field(default_factory=list)
    undescribed: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__(convert_charrefs=True)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note addresses, anchors and images."""
        values = {name: value or "" for name, value in attrs}
        self.ids.update(values[name] for name in ("id", "name") if name in values)
        relations = set(values.get("rel", "").split())
        for name, value in values.items():
            if (tag, name) in FETCHED and not (tag == "link" and relations & NOT_FETCHED_RELATIONS):
                self.fetched.append(value)
            elif tag == "a" and name == "href":
                self.links.append(value)
        if tag == "img":
            self._check_description(values)

    def _check_description(self, values: dict[str, str]) -> None:
        """An image needs an `alt` that is more than a file's name; an empty one says that it is decoration."""
        alt = values.get("alt")
        is_decoration = alt == "" and ("role" in values or "aria-hidden" in values)
        says_something = alt is not None and alt.strip() and not FILE_NAME.match(alt.strip())
        if not (says_something or is_decoration):
            self.undescribed.append(values.get("src", "?"))


def read_page(path: Path) -> Page:
    """Parse one page."""
    page = Page()
    page.feed(path.read_text(encoding="utf-8"))
    return page


def is_elsewhere(address: str) -> bool:
    """Tell whether an address names another host.

    >>> is_elsewhere("https://example.org/a.js"), is_elsewhere("//cdn/x.css"), is_elsewhere("_static/a.js")
    (True, True, False)
    """
    parts = urlsplit(address)
    return bool(parts.netloc) or parts.scheme in ("http", "https")


def _broken(link: str, path: Path, pages: dict[Path, Page]) -> bool:
    """Tell whether a link inside the site leads nowhere."""
    parts = urlsplit(link)
    if parts.scheme or parts.netloc or (not parts.path and parts.fragment in ("", "top")):
        return False
    target = (path.parent / unquote(parts.path)).resolve() if parts.path else path
    if target.is_dir():
        target = target / "index.html"
    if not target.is_file():
        return True
    known = pages.get(target)
    return bool(parts.fragment and known is not None and unquote(parts.fragment) not in known.ids)


def problems_of(site: Path) -> list[str]:
    """Return everything wrong with a built site, one line each, empty when it is fit to be read.

    Args:
        site: Folder with the built pages.

    Returns:
        Lines of the form "page: what is wrong".
    """
    site = site.resolve()
    pages = {path: read_page(path) for path in sorted(site.rglob("*.html")) if "_static" not in path.parts}
    found = [] if pages else [f"{site}: there are no pages"]
    for path, page in pages.items():
        name = path.relative_to(site)
        found += [f"{name}: fetches {address} from another host" for address in page.fetched if is_elsewhere(address)]
        found += [f"{name}: broken link {link}" for link in page.links if _broken(link, path, pages)]
        missing = [address for address in page.fetched if not address.startswith("data:") and not is_elsewhere(address)]
        found += [f"{name}: missing file {address}" for address in missing if _broken(address, path, {})]
        found += [f"{name}: image {source} has no description" for source in page.undescribed]
    for path in sorted(site.rglob("*.css")):
        for match in CSS_ADDRESS.finditer(path.read_text(encoding="utf-8")):
            found.append(f"{path.relative_to(site)}: fetches from another host: {match.group()[:80]}")
    return found
