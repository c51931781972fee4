"""Read a ranking page by page, as far as a case needs it."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

from search.engine import Engine
from search.evaluation.cases import Case
from search.query.request import MAX_LIMIT
from search.records import Answer, Hit, Query

PAGE_SIZE = MAX_LIMIT
# For a query without relevant items, only the best score and "nothing relevant" are needed.
SHORT_PAGE_SIZE = 20


@dataclass(frozen=True)
class FullRanking:
    """A ranking whose pages are joined.

    Attributes:
        first: The first page, for the fields that describe the whole answer.
        hits: The results that count, best first.
    """

    first: Answer
    hits: tuple[Hit, ...]


def read_ranking(engine: Engine, case: Case, query: Query, filtered: bool = False) -> FullRanking:
    """Read the ranking of a query, above and below the relevance cut.

    Pages are read until the results are below the cut and every relevant item was seen. Further results can only change
    the calibration error of what is not shown. For a query without relevant items, only one short page is read.

    Args:
        engine: The engine to query.
        case: The relevant items, and the items that count.
        query: The query; its limit, cursor and stacking are replaced.
        filtered: Read results below the cut with a filter for the folder of the judged items, which is much faster in
            large libraries. Only exact if scores do not depend on filters.

    Returns:
        The first page, and the results that count.
    """
    filtered = filtered and case.judged is not None
    limit = PAGE_SIZE if case.relevant and not filtered else SHORT_PAGE_SIZE
    request = replace(query, include_all=True, stack=False, limit=limit)
    missing = {relevant.path for relevant in case.relevant}
    hits: dict[int, Hit] = {}
    first: Answer | None = None
    for answer in _read_pages(engine, request):
        first = first or answer
        hits |= {hit.item.id: hit for hit in answer.hits if case.counts(hit.item.path)}
        missing -= {hit.item.path for hit in answer.hits}
        is_shown = bool(answer.hits) and answer.hits[-1].relevant
        if not case.relevant or (not is_shown and (filtered or not missing)):
            break
    if filtered and missing and case.judged is not None:
        judged_request = replace(request, limit=PAGE_SIZE, filters=replace(request.filters, path=case.judged.folder))
        for answer in _read_pages(engine, judged_request):
            for hit in answer.hits:
                if case.counts(hit.item.path):
                    hits.setdefault(hit.item.id, replace(hit, relevant=False))
            missing -= {hit.item.path for hit in answer.hits}
            if not missing:
                break
    assert first is not None
    return FullRanking(first, tuple(hits.values()))


def _read_pages(engine: Engine, query: Query) -> Iterator[Answer]:
    while True:
        answer = engine.search(query)
        yield answer
        if answer.next is None:
            return
        # The first page may be short, but a query may have thousands of results.
        query = replace(query, cursor=answer.next, limit=PAGE_SIZE)
