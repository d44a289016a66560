"""Pages: HTML pages, charts and figures that the other apps draw on."""
