"""Every reason to refuse a formula has one stable code and one wording, kept side by side so that they read alike."""

from engine.findings import Finding, Place

# code: (Chinese, English, advice in Chinese, advice in English); words in braces are filled in by the caller.
REFUSALS: dict[str, tuple[str, str, str, str]] = {
    "expression-empty": (
        "这里没有写表达式",
        "there is no expression here",
        "写出列名、数值或公式",
        "write a column, a number or a formula",
    ),
    "expression-too-long": (
        "表达式有 {n} 个字符，最多 {limit} 个",
        "the expression has {n} characters, at most {limit} are read",
        "把其中一部分定义为数据集的列或另一个指标",
        "define a part of it as a column of the dataset or as another indicator",
    ),
    "expression-too-many-parts": (
        "表达式的组成部分超过 {limit} 个",
        "the expression has more than {limit} parts",
        "把其中一部分定义为数据集的列或另一个指标；多个「or」可写成 in (…)",
        "define a part of it as a column or another indicator; a row of 'or' can be written as in (…)",
    ),
    "expression-too-deep": (
        "表达式嵌套或连写超过 {limit} 层",
        "the expression is nested or chained more than {limit} levels deep",
        "去掉多余的括号，或把内层定义为单独的列",
        "remove brackets that are not needed, or define the inner part as a column",
    ),
    "expression-syntax": ("「{word}」处读不懂：{why_zh}", "cannot read on at '{word}': {why_en}", "{advice_zh}", "{advice_en}"),
    "hidden-character": (
        "第 {nth} 个字符是看不见的字符 {code_point}",
        "character {nth} is the hidden character {code_point}",
        "删除它：看不见的字符会让公式与看上去的不同",
        "delete it: a hidden character makes a formula differ from what one sees",
    ),
    "full-width-character": ("「{word}」是全角字符", "'{word}' is a full-width character", "改写为半角「{twin}」", "write '{twin}'"),
    "character-not-allowed": (
        "公式里不能用字符「{word}」",
        "the character '{word}' has no place in a formula",
        "{advice_zh}",
        "{advice_en}",
    ),
    "unclosed-text": (
        "文字从这里开始，没有结束的单引号",
        "the text that starts here has no closing quote",
        "在文字末尾加 '",
        "close it with '",
    ),
    "unclosed-comment": (
        "注释从这里开始，没有结束",
        "the comment that starts here has no end",
        "加上 */ 或删除注释",
        "add */ or delete the comment",
    ),
    "double-minus": (
        "「--」是注释的开头，后面的内容不会参与计算",
        "'--' starts a comment, so what follows would not count",
        "减去负数请写 - (-1)；注释请在 -- 后留一个空格",
        "write - (-1) to subtract a negative; leave a space after -- for a comment",
    ),
    "double-quotes": ("文字要写在单引号里", "text stands in single quotes", "把 \" 改为 '", "write ' instead of \""),
    "number-too-long": (
        "数「{word}」太长，最多 18 位整数和 18 位小数",
        "the number {word} is too long: at most 18 digits before and 18 after the point",
        "减少位数",
        "use fewer digits",
    ),
    "name-too-long": (
        "名称「{word}…」太长：每段最多 63 个字符，最多 8 段",
        "the name '{word}…' is too long: at most 8 parts of 63 characters",
        "检查名称",
        "check the name",
    ),
    "more-than-one-statement": (
        "只能写一个表达式",
        "only one expression can stand here",
        "删除「;」及其后的内容",
        "delete ';' and what follows",
    ),
    "placeholder-not-allowed": (
        "公式里没有占位符「{word}」",
        "a formula has no placeholders such as '{word}'",
        "直接写出列名或数值；随访问者变化的值用 viewer. 开头的名称",
        "write the column or the value; what depends on the viewer has a name that starts with viewer.",
    ),
    "cast-not-allowed": (
        "公式里不能转换类型",
        "a formula cannot change the type of a value",
        "在数据集的列上声明类型；取日期用 date(x)",
        "declare the type on the column of the dataset; date(x) takes the day of a time",
    ),
    "subquery-not-allowed": (
        "公式里不能写查询（「{word}」）",
        "a formula cannot hold a query ('{word}')",
        "用关系名取另一数据集的列（facility.type），或用 indicator('id', 列) 引用指标",
        "reach a column of another dataset by its relationship (facility.type), or use indicator('id', column)",
    ),
    "window-not-allowed": (
        "公式里不能写窗口函数（「{word}」）",
        "a formula cannot hold a window function ('{word}')",
        "前一行用 previous 关系，滚动、累计、排名用 modifier（rolling、cumulative、rank）",
        "use a previous relationship for the row before, and modifiers (rolling, cumulative, rank) for the rest",
    ),
    "operator-not-allowed": ("公式里没有「{word}」这种写法", "a formula has no '{word}'", "{advice_zh}", "{advice_en}"),
    "star-not-allowed": (
        "「*」只能写在两个数之间或 count(*) 里",
        "'*' stands between two numbers or in count(*) only",
        "写出列名",
        "name the column",
    ),
    "unknown-function": ("没有名为「{word}」的函数", "no function is named '{word}'", "{advice_zh}", "{advice_en}"),
    "size-making-function": (
        "不提供函数「{word}」：它能造出任意大的值",
        "the function '{word}' is not offered: it makes values of any size",
        "可用的函数：{known}",
        "functions: {known}",
    ),
    "aggregate-not-allowed": (
        "这里逐行计算，不能用汇总函数「{word}」",
        "this is worked out row by row, so '{word}' cannot stand here",
        "在 measure 的 agg 里写汇总方式",
        "say how to aggregate in the agg of a measure",
    ),
    "nested-aggregate": (
        "汇总函数「{word}」里不能再汇总",
        "'{word}' cannot aggregate what is aggregated already",
        "两步汇总用 step 与 over_time",
        "use step and over_time to aggregate twice",
    ),
    "argument-count": (
        "函数「{word}」要 {wanted} 个参数，这里是 {n} 个",
        "'{word}' takes {wanted} arguments, here are {n}",
        "{sample}",
        "{sample}",
    ),
    "argument-must-be-written": (
        "函数「{word}」的第 {nth} 个参数要直接写出：{wanted_zh}",
        "argument {nth} of '{word}' must be written out: {wanted_en}",
        "{sample}",
        "{sample}",
    ),
    "distinct-not-allowed": (
        "「distinct」只能写在 count(distinct x) 里",
        "'distinct' stands in count(distinct x) only",
        "去重计数写 count(distinct x)",
        "count different values with count(distinct x)",
    ),
    "like-pattern": (
        "「like」后面要直接写出样式，且不含反斜杠",
        "the pattern after 'like' is written out and has no backslash",
        "例如 name like '%站'；判断开头用 starts_with(x, y)",
        "for example name like '%站'; starts_with(x, y) tests a beginning",
    ),
    "unreadable-date": (
        "「{word}」不是日期或时间",
        "'{word}' is not a date or a time",
        "写成 2026-01-31 或 2026-01-31 08:00:00",
        "write 2026-01-31 or 2026-01-31 08:00:00",
    ),
    "unknown-column": ("没有名为「{word}」的列", "no column is named '{word}'", "{advice_zh}", "{advice_en}"),
    "unknown-indicator": (
        "没有编号为「{word}」的指标",
        "no indicator has the id '{word}'",
        "`chengmai list indicators` 列出所有指标",
        "`chengmai list indicators` shows all of them",
    ),
    "indicator-not-allowed": (
        "这里不能引用指标「{word}」",
        "the indicator '{word}' cannot stand here",
        "只有指标的公式和条件可以引用指标",
        "only formulas and conditions of indicators may use one",
    ),
    "unit-mismatch": (
        "「{left}」与「{right}」不是同一种单位，不能{doing_zh}",
        "{left_en} and {right_en} have unlike units and cannot be {doing_en}",
        "{advice_zh}",
        "{advice_en}",
    ),
    "percent-or-share": (
        "「1」与单位为 % 的值相加减，不知是 1 还是 100%",
        "a plain 1 beside a value in % may mean 1 or 100 %",
        "求余数写 100 - {word}",
        "write 100 - {word} for the rest",
    ),
    "type-mismatch": ("{left}与{right}不能{doing_zh}", "{left_en} and {right_en} cannot be {doing_en}", "{advice_zh}", "{advice_en}"),
    "type-wanted": (
        "「{word}」要的是{wanted_zh}，这里是{given_zh}",
        "'{word}' takes {wanted_en}, here is {given_en}",
        "{advice_zh}",
        "{advice_en}",
    ),
    "compare-with-null": (
        "与 null 比较的结果总是未知",
        "a comparison with null is never true",
        "写 is null 或 is not null",
        "write is null or is not null",
    ),
}


def refuse(code: str, place: Place, at: int = 0, **words: object) -> Finding:
    """The finding for a code; at is the offset from the start of the expression, which starts at place."""
    zh, en, advice_zh, advice_en = (text.format(**words) for text in REFUSALS[code])
    here = Place(place.file, place.line, place.column + at)
    return Finding(place=here, code=code, zh=zh, en=en, advice_zh=advice_zh, advice_en=advice_en)
