"""A study as one page that opens anywhere: a single HTML file, with everything inside, that needs no network.

`contents` gathers what the page shows as plain data, `inputs` packs the images or texts, `matrix` and `trends` draw
what needs no script, and `page` puts it all into the template beside this file.
"""

from .page import render, write_report

write = write_report

__all__ = ["render", "write", "write_report"]
