"""A page for the browser in one file, light or dark, which needs no network and no scripts."""

from html import escape

#: The style of every page, besides that of its contents.
STYLE = """
body { max-width: 60rem; margin: 2rem auto; padding: 0 1.25rem;
       font: 1rem/1.5 system-ui, sans-serif; }
@media print { :root { color-scheme: light; }
               body { max-width: none; margin: 0; font-size: 9.5pt; } }
"""


def write_page(title: str, body: str, style: str = "") -> str:
    """Write a document, given its title as text, and its body and its own style as they are."""
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        '<meta name="color-scheme" content="light dark">\n'
        f"<title>{escape(title)}</title>\n<style>{STYLE}{style}</style>\n</head>\n"
        f"<body>\n{body}</body>\n</html>\n"
    )
