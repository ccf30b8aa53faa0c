"""Every way a file can fail to be a definition has one code and one wording, kept side by side so that they read alike."""

from engine.findings import Finding, Place

# code: (Chinese, English, advice in Chinese, advice in English); words in braces are filled in by the caller.
REFUSALS: dict[str, tuple[str, str, str, str]] = {
    # the file
    "file-name": (
        "文件名「{name}」不能作标识：{why_zh}",
        "the file name '{name}' cannot be an id: {why_en}",
        "用小写英文字母开头，只含小写字母、数字和下划线，例如 sanitation/msw_day.indicator.yaml",
        "begin with a lower-case letter and use lower-case letters, digits and underscores: sanitation/msw_day.indicator.yaml",
    ),
    "unknown-kind": ("没有名为「{kind}」的定义类型", "no kind of definition is named '{kind}'", "{advice_zh}", "{advice_en}"),
    "misplaced-project": (
        "project.yaml 只能放在定义文件夹的最上层",
        "project.yaml stands at the top of the definitions folder only",
        "把它移到最上层，或删除",
        "move it to the top, or delete it",
    ),
    "defined-twice": (
        "{kind} {id} 定义了两次，另一处在 {other}",
        "{kind} {id} is defined twice, also in {other}",
        "只保留其中一个文件",
        "keep one of the two files",
    ),
    "symlink": (
        "「{name}」是指向别处的链接，不会读取",
        "'{name}' is a link to another place and is not read",
        "把文件本身复制进来",
        "copy the file itself here",
    ),
    "not-a-file": ("「{name}」不是普通文件，不会读取", "'{name}' is no ordinary file and is not read", "删除它", "delete it"),
    "unreadable-file": (
        "文件读不出来：{why}",
        "the file cannot be read: {why}",
        "检查文件的读取权限",
        "check who may read the file",
    ),
    "no-project": (
        "定义文件夹里没有 project.yaml",
        "the definitions folder has no project.yaml",
        "加上它，至少写 title: 平台名称",
        "add one, with at least title: name of the platform",
    ),
    "schema-header": (
        "第一行没有指向 {kind} 的格式说明",
        "the first line does not lead to the schema of {kind}",
        "第一行写：{wanted}",
        "write as the first line: {wanted}",
    ),
    "file-too-large": (
        "文件有 {size} 字节，最多读 {limit} 字节",
        "the file has {size} bytes, at most {limit} are read",
        "数据放进数据源；定义拆成几个文件",
        "put rows into a source, or split the definition",
    ),
    "not-utf8": (
        "文件不是 UTF-8 编码（第 {at} 个字节）",
        "the file is not UTF-8 text (byte {at})",
        "用编辑器另存为 UTF-8",
        "save it as UTF-8",
    ),
    "hidden-text": (
        "这里有看不见的字符 {code_point}",
        "here stands the hidden character {code_point}",
        "删除它：看不见的字符会让内容与看上去的不同",
        "delete it: a hidden character makes a text differ from what one sees",
    ),
    "empty-file": (
        "文件里没有内容",
        "the file holds nothing",
        "写出标题等内容，或删除文件",
        "write a title and the rest, or delete the file",
    ),
    # its writing
    "yaml-syntax": ("从这里开始读不懂：{why_zh}", "cannot read on from here: {why_en}", "{advice_zh}", "{advice_en}"),
    "json-syntax": ("从这里开始读不懂：{why_zh}", "cannot read on from here: {why_en}", "{advice_zh}", "{advice_en}"),
    "duplicate-key": (
        "「{key}」写了两次，前一次在第 {line} 行",
        "'{key}' is written twice, first in line {line}",
        "删除其中一个",
        "delete one of the two",
    ),
    "yaml-alias": (
        "这里用了 YAML 引用「{sign}{name}」",
        "here stands the YAML reference '{sign}{name}'",
        "把被引用的内容直接写出来",
        "write out what it refers to",
    ),
    "yaml-merge": (
        "「<<」会从别处合并内容，这里不用",
        "'<<' merges keys from elsewhere, which is not done here",
        "把要合并的内容直接写出来",
        "write out the keys",
    ),
    "yaml-tag": (
        "这里标了 YAML 类型「{tag}」",
        "here stands the YAML tag '{tag}'",
        "删除它；文字加引号即可",
        "delete it; quotes make a value text",
    ),
    "yaml-directive": (
        "「%」开头的 YAML 指令不用",
        "a YAML directive (a line that starts with %) is not used",
        "删除这一行",
        "delete the line",
    ),
    "several-definitions": (
        "一个文件只写一个定义，第一个从第 {line} 行开始",
        "one file holds one definition; the first begins in line {line}",
        "把「---」后面的内容移到另一个文件",
        "move what follows '---' to a file of its own",
    ),
    "too-deep": ("嵌套超过 {limit} 层", "this is nested more than {limit} levels deep", "减少层次", "use fewer levels"),
    "too-many-values": ("文件里的值超过 {limit} 个", "the file holds more than {limit} values", "数据放进数据源", "put rows into a source"),
    "key-not-text": ("这里的键不是一个名称", "the key here is no name", "写成「名称: 值」", "write 'name: value'"),
    "leading-zero": (
        "「{word}」以 0 开头，不知是编号还是数",
        "'{word}' begins with 0: a code or a number?",
        '编号请加引号写成 "{word}"，数请写成 {number}',
        'write "{word}" for a code, {number} for a number',
    ),
    "number-too-long": (
        "数「{word}」太长或太大",
        "the number {word} is too long or too great",
        "编号请加引号；数最多 18 位",
        "put a code in quotes; a number has at most 18 digits",
    ),
    "not-a-number": (
        "「{word}」不是可以计算的数",
        "'{word}' is no number to reckon with",
        "写一个普通的数；没有值就删除这一行",
        "write an ordinary number, or delete the line",
    ),
    # its shape
    "not-a-definition": (
        "文件的内容应是「名称: 值」，这里是{given_zh}",
        "a definition is made of 'name: value' lines, here is {given_en}",
        "例如 title: 生活垃圾清运量",
        "for example title: 生活垃圾清运量",
    ),
    "unknown-field": ("{where_zh}没有名为「{name}」的项", "{where_en} has no field named '{name}'", "{advice_zh}", "{advice_en}"),
    "missing-field": ("{where_zh}缺少「{name}」（{title}）", "{where_en} lacks '{name}'", "{advice_zh}", "{advice_en}"),
    "wrong-type": (
        "{name_zh}应是{wanted_zh}，这里是{given_zh}",
        "{name_en} is {wanted_en}, here is {given_en}",
        "{advice_zh}",
        "{advice_en}",
    ),
    "not-allowed": ("{name_zh}不能是「{given}」", "{name_en} cannot be '{given}'", "{advice_zh}", "{advice_en}"),
    "out-of-range": (
        "{name_zh}应{wanted_zh}，这里是 {given}",
        "{name_en} is {wanted_en}, here is {given}",
        "改为范围内的数",
        "write a number within the range",
    ),
    "wrong-length": (
        "{name_zh}要有 {wanted} 个值，这里有 {given} 个",
        "{name_en} has {wanted} values, here are {given}",
        "{advice_zh}",
        "{advice_en}",
    ),
    "wrong-form": ("{name_zh}的写法不对：「{given}」", "{name_en} is not written like this: '{given}'", "{advice_zh}", "{advice_en}"),
    "unreadable-shape": (
        "这里的写法读不懂：{why}",
        "this is not read: {why}",
        "对照定义的格式说明修改",
        "compare with the schema of this kind",
    ),
    "unknown-part": ("没有名为「{name}」的{what_zh}", "no {what_en} is named '{name}'", "{advice_zh}", "{advice_en}"),
    "one-part-only": (
        "这里要写一个{what_zh}的名称，写了 {n} 个",
        "one {what_en} stands here, written are {n}",
        "写成 {{名称: {{设置}}}}；几个依次进行时写成列表",
        "write {{name: {{settings}}}}; several in turn form a list",
    ),
}


def refuse(code: str, place: Place, **words: object) -> Finding:
    """The finding for a code at a place; the words fill the sentence."""
    zh, en, advice_zh, advice_en = (text.format(**words) for text in REFUSALS[code])
    return Finding(place=place, code=code, zh=zh, en=en, advice_zh=advice_zh, advice_en=advice_en)


def shortened(text: object, limit: int = 60) -> str:
    """A text as a message may show it: one line, not longer than the limit."""
    said = " ".join(str(text)[: limit * 2].split())
    return said if len(said) <= limit else said[: limit - 1] + "…"
