"""Attachments are handed out as what their content is, never as something that a browser would run."""

from typing import Annotated
from urllib.parse import quote

from litestar import Controller, Response, get
from litestar.di import NamedDependency
from litestar.params import PathParameter

from engine.running.attachments import read_file
from engine.running.file_store import FileIsBroken, FileIsMissing
from portal.api.form_desk import desk_of
from portal.api.problem import refusal
from portal.api.world import World
from portal.identity.local import viewer_of_request

Hash = Annotated[str, PathParameter(description="文件内容的 SHA-256")]


class KeptFilesController(Controller):
    """Files by their hash."""

    include_in_schema = False
    path = "/files"

    @get("/{hash:str}", sync_to_thread=True)
    def whole(self, world: NamedDependency[World], hash: Hash) -> Response[bytes]:
        """The file."""
        return handed_out(world, hash, small=False)

    @get("/{hash:str}/small", sync_to_thread=True)
    def small(self, world: NamedDependency[World], hash: Hash) -> Response[bytes]:
        """The small picture."""
        return handed_out(world, hash, small=True)


def handed_out(world: World, hash: str, *, small: bool) -> Response[bytes]:
    """A file with a name; only pictures are shown in place, in a sandbox of their own."""
    desk = desk_of(world)
    try:
        found = read_file(desk.files, desk.store, viewer_of_request(), hash, small=small)
    except FileIsMissing:
        raise refusal(404, "no-file", "没有这个文件", "there is no such file") from None
    except FileIsBroken:
        raise refusal(500, "broken-file", "文件已损坏，内容与登记的不一致", "the file is damaged") from None
    shown = "inline" if found.kind.is_picture else "attachment"
    headers = {
        "content-disposition": f"{shown}; filename*=UTF-8''{quote(found.file.name)}",
        "cache-control": "private, max-age=31536000, immutable",
    }
    return Response(found.content, media_type=found.kind.media_type, headers=headers)
