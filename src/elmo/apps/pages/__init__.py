"""Pages: HTML pages, charts and figures for the other apps."""
