"""A change in one sentence, as a duty officer would say it: by how much, who moved it most, and which part of the formula."""

from collections.abc import Sequence

from engine.running.change_parts import Change, DimensionChange, LeafChange, MemberChange

MOST_NAMED = 2
MOST_TIMES = 10
SCALES = ((1e8, "亿"), (1e5, "万"))


def number_text(value: float, unit: str = "", *, is_chinese: bool = True) -> str:
    """About four digits that matter, by 万 and 亿 when large, the unit after."""
    scale, word = next(((1e8 if word == "亿" else 1e4, word) for least, word in SCALES if is_chinese and abs(value) >= least), (1.0, ""))
    scaled = value / scale
    size = abs(scaled)
    places = 0 if scaled == round(scaled) or size >= 1000 else 1 if size >= 100 else 2 if size >= 1 else 3
    text = f"{scaled:,.{places}f}"
    text = text.rstrip("0").rstrip(".") if "." in text else text
    shown = f"{word}{unit}"
    return f"{text}{shown}" if shown in ("%", "‰") else f"{text} {shown}".rstrip()


def sentence_zh(change: Change) -> str:
    """本周清运量比上周减少 3.2%（…），其中朝阳区减少 210 t，占 61%。 A reason when nothing can be said."""
    if change.reason is not None:
        return f"{change.now.label}{change.title}与{change.then.label}无法对比：{change.reason.zh}。"
    assert change.change is not None and change.now.value is not None and change.then.value is not None
    values = f"（由 {number_text(change.then.value, change.unit)} 到 {number_text(change.now.value, change.unit)}）"
    beside = "".join(f"；注意：{caveat.zh}" for caveat in change.caveats)
    if is_still(change):
        return f"{change.now.label}{change.title}与{change.then.label}持平，为 {number_text(change.now.value, change.unit)}{beside}。"
    moved = _moved_zh(change)
    return f"{change.now.label}{change.title}比{change.then.label}{moved}{values}{members_zh(change)}{leaves_zh(change)}{beside}。"


def is_still(change: Change) -> bool:
    """Whether a change is none but for the last digits of a float."""
    sizes = [abs(one.value) for one in (change.now, change.then) if one.value is not None]
    return abs(change.change or 0) <= 1e-9 * max(sizes, default=0)


def _moved_zh(change: Change) -> str:
    assert change.change is not None
    word = "增加" if change.change > 0 else "减少"
    if change.change_unit == "pp":
        return f"{'上升' if change.change > 0 else '下降'} {number_text(abs(change.change))} 个百分点"
    if change.rate is not None:
        return f"{word} {number_text(abs(round(change.rate, 1 if abs(change.rate) >= 1 else 3)), '%')}"
    return f"{word} {number_text(abs(change.change), change.unit)}"


def members_zh(change: Change) -> str:
    """The members that moved it most, those that held against it after."""
    dimension = next((one for one in change.dimensions if one.reason is None and one.parts), None)
    if dimension is None:
        return ""
    with_it, against_it = _leading(change, dimension)
    told = [f"{part.title}{_by_zh(change, part.contribution)}{_share_zh(part)}" for part in with_it]
    told += [f"{part.title}{_by_zh(change, part.contribution)}" for part in against_it]
    unsplit = next((part for part in dimension.parts if part.kind == "unsplit"), None)
    if unsplit is not None and not told:
        return f"，按{dimension.title}无法拆分"
    return f"，其中{'，'.join(told)}" if told else ""


def _leading(change: Change, dimension: DimensionChange) -> tuple[Sequence[MemberChange], Sequence[MemberChange]]:
    assert change.change is not None
    rises = change.change > 0
    members = [part for part in dimension.parts if part.kind == "member" and part.contribution]
    with_it = [part for part in members if (part.contribution > 0) == rises][:MOST_NAMED]
    against_it = [part for part in members if (part.contribution > 0) != rises and abs(part.share or 0) >= 5][:1]
    return with_it, against_it


def _by_zh(change: Change, contribution: float, up: str = "拉高", down: str = "拉低") -> str:
    if change.change_unit == "pp":
        return f"{up if contribution > 0 else down} {number_text(abs(contribution))} 个百分点"
    return f"{'增加' if contribution > 0 else '减少'} {number_text(abs(contribution), change.change_unit)}"


def _share_zh(part: MemberChange) -> str:
    return f"、占 {number_text(round(part.share, 1), '%')}" if part.share is not None and part.share <= 100 else ""


def leaves_zh(change: Change) -> str:
    """What the parts of the formula did, where there are several."""
    told = [f"{leaf.title}使其{_by_zh(change, leaf.contribution, '上升', '下降')}" for leaf in _moved_leaves(change)]
    return f"；从公式看，{'，'.join(told)}" if len(change.leaves) > 1 and told else ""


def _moved_leaves(change: Change) -> Sequence[LeafChange]:
    moved = sorted((leaf for leaf in change.leaves if leaf.contribution), key=lambda leaf: -abs(leaf.contribution))
    # A sum and a number that both doubled say nothing of their quotient in one sentence; the page shows them.
    says_something = bool(moved) and abs(moved[0].contribution) <= MOST_TIMES * abs(change.change or 0)
    return moved[: MOST_NAMED + 1] if says_something else []


def sentence_en(change: Change) -> str:
    """The same in English, shorter."""
    if change.reason is not None:
        return f"{change.indicator}: {change.reason.en}."
    assert change.change is not None and change.now.value is not None and change.then.value is not None
    unit = change.change_unit
    values = f"from {number_text(change.then.value, change.unit, is_chinese=False)} to {number_text(change.now.value, change.unit, is_chinese=False)}"
    if is_still(change):
        return f"{change.indicator} did not change."
    size = number_text(abs(change.rate), "%") if change.rate is not None and unit != "pp" else number_text(abs(change.change), unit, is_chinese=False)
    dimension = next((one for one in change.dimensions if one.reason is None and one.parts), None)
    with_it = _leading(change, dimension)[0] if dimension is not None else ()
    told = "; ".join(f"{part.title} {number_text(part.contribution, unit, is_chinese=False)}" for part in with_it)
    return f"{change.indicator} {'rose' if change.change > 0 else 'fell'} by {size}, {values}{f': {told}' if told else ''}."
