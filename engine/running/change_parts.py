"""What a change is told with: its two periods, what each part of the formula did, what each member did, and why when nothing can be said."""

from msgspec import Struct


class Reason(Struct, frozen=True):
    """Why a change is not divided, or what must be said beside it (原因)."""

    code: str
    zh: str
    en: str
    advice_zh: str = ""
    advice_en: str = ""


class Side(Struct, frozen=True, rename={"start": "from", "end": "to"}):
    """One of the two periods with its value (一期)."""

    start: str
    end: str
    label: str
    value: float | None
    is_whole: bool


class LeafChange(Struct, frozen=True):
    """What one part of the formula did (成分贡献). `contribution` is in the unit of the change, `share` in % of it."""

    name: str
    title: str
    formula: str
    unit: str
    old: float | None
    new: float | None
    contribution: float
    share: float | None
    is_additive: bool  # values of members add up to the value of all


class LeafShare(Struct, frozen=True):
    """What one part of the formula did in one member (成员内成分贡献)."""

    name: str
    contribution: float


class MemberChange(Struct, frozen=True):
    """What one member did (成员贡献). `kind` is member, others (many small ones) or unsplit; `status` is both, new, vanished or empty."""

    kind: str
    key: str | None
    title: str
    status: str
    old: float | None
    new: float | None
    contribution: float
    share: float | None
    leaves: tuple[LeafShare, ...] = ()


class DimensionChange(Struct, frozen=True):
    """The change divided over the members of one dimension; the parts sum to it (按维度拆分)."""

    dimension: str
    title: str
    parts: tuple[MemberChange, ...] = ()
    reason: Reason | None = None


class Change(Struct, frozen=True, kw_only=True):
    """A change of an indicator between two periods, divided exactly (为什么变了). With a `reason` nothing is divided."""

    indicator: str
    title: str
    unit: str
    against: str
    formula: str
    now: Side
    then: Side
    change: float | None = None
    rate: float | None = None  # in % of the earlier value
    change_unit: str = ""
    method: str = "shapley"
    reason: Reason | None = None
    caveats: tuple[Reason, ...] = ()
    leaves: tuple[LeafChange, ...] = ()
    dimensions: tuple[DimensionChange, ...] = ()
    sentence_zh: str = ""
    sentence_en: str = ""
    as_of: str = ""
    data_version: dict[str, int] = {}
    definition_version: str = ""  # filled in by who knows it
