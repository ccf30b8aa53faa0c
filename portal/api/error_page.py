"""A refusal as a page, for people who followed a wrong link."""

from portal.api.page import Page
from portal.api.problem import Problem


def error_page(problem: Problem) -> Page:
    """The page that says what is wrong and where to go on."""
    values = {name: getattr(problem, name) for name in ("status", "code", "zh", "en", "advice_zh", "advice_en")}
    return Page("error.html", problem.zh, "", values)
