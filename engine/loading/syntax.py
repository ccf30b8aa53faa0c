"""Says in the author's words what the YAML reader says in its own: most slips are a colon, a tab, a quote or an indent."""

import yaml

from engine.findings import Finding, Place
from engine.loading.refusals import refuse

# What the reader says: (Chinese, English, advice in Chinese, advice in English). Looked for in this order.
PHRASES: tuple[tuple[str, tuple[str, str, str, str]], ...] = (
    (
        "mapping values are not allowed",
        (
            "这里多了一个冒号",
            "there is one colon too many",
            "文字里有「: 」时给整段文字加引号；否则检查缩进",
            "put a text that holds ': ' in quotes; otherwise check the indentation",
        ),
    ),
    (
        "unexpected end of stream",
        ("文件结束了，引号还没有结束", "the file ends inside a quoted text", "补上结尾的引号", "add the closing quote"),
    ),
    (
        "while parsing a flow",
        ("{ } 或 [ ] 没有写完", "a { } or [ ] is not complete", "补上逗号或结尾的括号", "add the comma or the closing bracket"),
    ),
    (
        "could not find expected ':'",
        (
            "名称后面缺少冒号",
            "the colon after a name is missing",
            "写成「名称: 值」，冒号后留一个空格",
            "write 'name: value' with a blank after the colon",
        ),
    ),
    (
        "did not find expected '-' indicator",
        (
            "列表在这里断开了",
            "the list breaks off here",
            "列表的每一项以「- 」开头，并左对齐",
            "begin each item of a list with '- ' at the same indent",
        ),
    ),
    (
        "block sequence entries are not allowed",
        ("列表不能从这里开始", "a list cannot begin here", "把「- 」写到下一行并缩进", "put '- ' on the next line, indented"),
    ),
    (
        "did not find expected key",
        (
            "缩进与上面不一致，或引号、括号后面多了文字",
            "the indent differs from the lines above, or a text goes on after its quote",
            "检查缩进和引号",
            "check indent and quotes",
        ),
    ),
    (
        "escape",
        (
            "双引号里的「\\」后面不是转义写法",
            "the '\\' inside double quotes starts no known escape",
            "改用单引号，或写成 \\\\",
            "use single quotes, or write \\\\",
        ),
    ),
    (
        "undefined tag handle",
        (
            "「!」开头的 YAML 类型不用",
            "a YAML tag (a word that starts with !) is not used",
            "删除它，或给文字加引号",
            "delete it, or put the text in quotes",
        ),
    ),
    ("undefined alias", ("「*」开头的 YAML 引用不用", "a YAML reference (*) is not used", "给文字加引号", "put the text in quotes")),
    (
        "found unknown directive",
        (
            "「%」开头的行读不懂",
            "a line that starts with % is not read",
            "删除这一行，或给文字加引号",
            "delete the line, or put the text in quotes",
        ),
    ),
    ("incompatible YAML document", ("「%YAML」这一行不用", "the line %YAML is not used", "删除这一行", "delete the line")),
    (
        "expected <document start>",
        ("前面的内容已经结束，这里又有内容", "the definition has ended, and here is more", "检查缩进", "check the indent"),
    ),
    (
        "did not find expected <document start>",
        ("前面的内容已经结束，这里又有内容", "the definition has ended, and here is more", "检查缩进", "check the indent"),
    ),
    (
        "block scalar",
        (
            "「|」或「>」后面的写法不对",
            "what follows '|' or '>' is not understood",
            "在下一行缩进书写文字",
            "write the text on the next line, indented",
        ),
    ),
    ("indentation", ("缩进不对", "the indent is wrong", "用空格缩进，同一层左对齐", "indent with blanks, the same for the same level")),
    ("nesting", ("嵌套太深", "this is nested too deep", "减少层次", "use fewer levels")),
)
TAB = ("这里用了制表符（Tab）缩进", "a tab stands where blanks are wanted", "改用空格缩进", "indent with blanks")
FIRST_SIGN = ("文字不能以「{sign}」开头", "a text cannot begin with '{sign}'", "给文字加引号", "put the text in quotes")
UNKNOWN = ("这里不是 YAML 的写法", "this is not how YAML is written", "检查缩进、引号和冒号", "check indent, quotes and colons")


def explain_yaml(error: yaml.MarkedYAMLError, text: str, file: str) -> Finding:
    """The finding for what the YAML reader could not read, where it could not."""
    mark = error.problem_mark or error.context_mark
    if error.context_mark and "could not find expected ':'" in (error.problem or ""):
        mark = error.context_mark  # the name that lacks its colon, not the line after it
    if mark and error.context_mark and not text[mark.index :].strip():
        mark = error.context_mark  # what is open at the end of the file is mended where it opens
    place = Place(file, mark.line + 1, mark.column + 1) if mark else Place(file)
    sign = text[mark.index : mark.index + 1] if mark else ""
    zh, en, advice_zh, advice_en = _wording(f"{error.context or ''}; {error.problem or ''}", sign)
    return refuse("yaml-syntax", place, why_zh=zh, why_en=en, advice_zh=advice_zh, advice_en=advice_en)


def _wording(said: str, sign: str) -> tuple[str, ...]:
    if sign == "\t" or "tab" in said.split():
        return TAB
    if "cannot start any token" in said:
        return tuple(part.format(sign=sign) for part in FIRST_SIGN)
    return next((wording for phrase, wording in PHRASES if phrase in said), UNKNOWN)
