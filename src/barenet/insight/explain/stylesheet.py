"""The style of an explanation in a browser: a coloured strip for each phase, and much room."""

from __future__ import annotations

__all__ = ["PAGE_STYLE", "STYLE"]

#: Style of a whole document.
PAGE_STYLE = """
body { max-width: 60rem; margin: 2rem auto; padding: 0 1.25rem;
       font: 1rem/1.5 system-ui, sans-serif; }
@media print { :root { color-scheme: light; }
               body { max-width: none; margin: 0; font-size: 9.5pt; } }
"""

#: Style of an explanation alone: in a document, or in a notebook with colours of its own.
STYLE = """
.barenet-explain p { margin: 0 0 .4rem; max-width: 46rem; }
.barenet-explain p.title { max-width: none; font-size: 1.25em; font-weight: 600; }
.barenet-explain section { margin: 1.5rem 0; padding: .1rem 0 .1rem 1.1rem;
                           border-left: .3rem solid #2f86c1; }
.barenet-explain section.backward { border-color: #d9772b; }
.barenet-explain section.update { border-color: #2c9f6e; }
.barenet-explain p.step { font-size: 1.1em; font-weight: 600; }
.barenet-explain section > p { break-after: avoid; }
.barenet-explain p.step b { opacity: .6; margin-right: .3rem; }
.barenet-explain .given { display: flex; flex-wrap: wrap; align-items: center;
                          gap: .6rem 2.5rem; margin: .8rem 0; }
.barenet-explain .line { display: flex; align-items: baseline; gap: 1.2rem; }
.barenet-explain .given > div { min-width: 0; max-width: 100%; }
.barenet-explain .line > div { min-width: 0; overflow: auto hidden; padding: .15rem 0; }
.barenet-explain .equation { margin: 1rem 0; break-inside: avoid; }
.barenet-explain .equation .line { position: relative; }
.barenet-explain .equation .line > div { flex: auto; }
.barenet-explain .equation .shape { position: absolute; top: .4em; right: 0; }
.barenet-explain .shape, .barenet-explain .check, .barenet-explain .summary { opacity: .72;
                         font-size: .88em; white-space: nowrap; }
.barenet-explain .shape { font-family: ui-monospace, monospace; }
.barenet-explain .check { display: flex; align-items: center; gap: .7rem; overflow-x: auto;
                          padding-left: 1.5rem; }
.barenet-explain details.check { display: block; }
.barenet-explain .columns { font-size: .8em; opacity: .72; }
.barenet-explain .wrong { color: #d03030; opacity: 1; }
.barenet-explain .summary, .barenet-explain .note { padding-left: 1.5rem; }
.barenet-explain .note { font-size: .88em; opacity: .8; max-width: 46rem; }
.barenet-explain summary { white-space: normal; cursor: pointer; }
.barenet-explain .summary pre { margin: .3rem 0; overflow: auto; max-height: 24rem; }
.barenet-explain .summary .check { opacity: 1; font-size: 1em; padding-left: 0; }
.barenet-explain .given > div:has(.summary) { align-self: start; }
.barenet-explain details.summary { overflow-x: auto; }
.barenet-explain .summary table { border-collapse: collapse; background: none; margin: .3rem 0; }
.barenet-explain .summary th, .barenet-explain .summary td { text-align: right; border: 0;
                         padding: .05rem .9rem .05rem 0; background: none; color: inherit;
                         font-variant-numeric: tabular-nums; }
.barenet-explain .summary th:first-child, .barenet-explain .summary td:first-child {
                         text-align: left; }
.barenet-explain math { font-size: 1.1em; font-family: "STIX Two Math", "Latin Modern Math",
                       "Cambria Math", "DejaVu Math TeX Gyre", math, serif;
                       font-variant-numeric: tabular-nums; }
.barenet-explain .check math { font-size: 1em; }
.barenet-explain mtable.lines > mtr > mtd { text-align: left; padding: .22em .12em; }
.barenet-explain mtable.lines > mtr > mtd:first-child { text-align: right; }
.barenet-explain mtable.matrix { margin: .1em .15em; padding: .1em .15em;
    background: linear-gradient(currentColor, currentColor) 0 0 / .35em .09em,
                linear-gradient(currentColor, currentColor) 0 100% / .35em .09em,
                linear-gradient(currentColor, currentColor) 100% 0 / .35em .09em,
                linear-gradient(currentColor, currentColor) 100% 100% / .35em .09em;
    background-repeat: no-repeat; background-origin: border-box; print-color-adjust: exact;
    border: solid currentColor; border-width: 0 .09em; }
.barenet-explain mtable.matrix > mtr > mtd { padding: .18em .35em; text-align: right; }
.barenet-explain mtable.cases > mtr > mtd { text-align: left; padding: .1em .5em; }
.barenet-explain .verdict { font-weight: 600; }
@media print { .barenet-explain .summary pre { max-height: none; white-space: pre-wrap; } }
@media (max-width: 40rem) {
  .barenet-explain section { padding-left: .7rem; }
  .barenet-explain .given .line { flex-wrap: wrap; gap: .1rem 1.2rem; }
  .barenet-explain .given .line > div { max-width: 100%; }
  .barenet-explain .equation .line { flex-direction: column; gap: .1rem; }
  .barenet-explain .equation .line > div { max-width: 100%; }
  .barenet-explain .equation .shape { position: static; order: -1; white-space: normal; }
}
"""
