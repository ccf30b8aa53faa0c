"""Definitions that change while they are served: the folder is looked at again and again, and read anew only when a file in it has changed."""

from pathlib import Path

from engine.loading.files import stamps
from engine.running.definitions import Checked, load_checked


class Watched:
    """A folder of definitions as it was last read; for one thread. Raises NotADirectoryError when it is not there to begin with."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._seen = stamps(folder)  # before reading: what is written meanwhile is found at the next look
        self.checked = load_checked(folder)

    def look(self) -> Checked | None:
        """The project as it is now, with its findings; None when no file has changed. A folder that is gone has not changed.

        All of it is read, a tenth of a second for a hundred files: findings of links, names and first lines are of the folder, not of a file,
        and what is served next must be what a restart would serve.
        """
        now = stamps(self._folder)
        if now == self._seen or not self._folder.is_dir():
            return None
        self._seen, self.checked = now, load_checked(self._folder)
        return self.checked
