"""Words that only ask for something are not searched for; questions and content are kept."""

import pytest

from search.query.intent.reading import read_query
from search.records import Query

# Query, what is searched for, what is not.
REQUESTS = """
show me a dog | a dog | show me
Can you find the lease? | the lease | Can you find
where is the warranty for the espresso machine? | the warranty for the espresso machine | where is
please find my passport | passport | please find my
Could you show me, please, a dog | a dog | Could you show me, please
a dog please | a dog | please
Zeig mir den Mietvertrag bitte | den Mietvertrag | Zeig mir, bitte
Wo ist der Impfpass vom Hund? | der Impfpass vom Hund | Wo ist
¿Dónde está la receta? | la receta | Dónde está
montre-moi un château | un château | montre-moi
où est mon contrat s'il te plaît | mon contrat | où est, s'il te plaît
帮我找一下雪地里的狗 | 雪地里的狗 | 帮我找一下
我的护照在哪里？ | 我的护照 | 在哪里
"""
KEPT = """
a dog
show jumping
find
please
where is
the show me state
who called about the boiler?
when does the train leave?
show me "red car"
显示器
"""


def split(table):
    return [[cell.strip() for cell in line.split("|")] for line in table.strip().splitlines()]


@pytest.mark.parametrize(("text", "searched", "asked"), split(REQUESTS))
def test_words_that_only_ask_are_not_searched_for(text, searched, asked):
    reading = read_query(Query(text=text))
    assert reading.parsed.text == searched
    assert ", ".join(reading.asked) == asked


@pytest.mark.parametrize("text", KEPT.strip().splitlines())
def test_content_is_kept(text):
    reading = read_query(Query(text=text))
    assert reading.parsed.text == text.replace('"', "")
    assert not reading.asked


def test_a_kind_is_recognized_after_the_words_that_ask():
    reading = read_query(Query(text="find the recording about the tomatoes"))
    assert reading.parsed.text == "the tomatoes"
    [kind] = reading.recognized
    assert (kind.text, kind.start) == ("recording about", 9)


def test_everything_is_searched_for_literally_on_request():
    reading = read_query(Query(text="show me a dog", recognize=False))
    assert reading.parsed.text == "show me a dog"
