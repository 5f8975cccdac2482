"""60 photographs of 12 megapixels paged through: how long the event loop stands still, what is sent and kept."""

from __future__ import annotations

from harness import Figure, print_table, run_worker

WORKER = "pictures_worker"


def run() -> None:
    """Print the figures of half-blocks and of kitty's protocol, first from the source, then from the disk cache."""
    figures = []
    for drawing in ("halfcell", "kitty"):
        found = run_worker(WORKER, drawing)
        for name, part in (("decoded", "fresh"), ("from the disk cache", "cached")):
            worst = found[part]["worst"]
            figures.append(
                Figure(f"{drawing}, {name}: longest pause of the loop", f"{worst:.0f} ms", "< 100 ms", worst < 100)
            )
            figures.append(Figure(f"{drawing}, {name}: 60 pictures in", f"{found[part]['seconds']:.1f} s"))
        figures.append(Figure(f"{drawing}: peak memory of the process", f"{found['peak']:.0f} MiB"))
        figures.append(Figure(f"{drawing}: a picture as it is kept in memory", f"{found['kept']:.1f} KiB"))
    print_table("Pictures", "60 JPEGs of 4000 x 3000, two at a time in boxes of 58 x 11 cells, two threads", figures)
