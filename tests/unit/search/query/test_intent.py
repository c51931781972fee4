"""Words of a query that name a date or a kind of item become filters; words of content do not."""

from datetime import date

import pytest

from search.query.intent import reading
from search.query.intent.reading import read_query
from search.records import Filters, IntentKind, Query

# A Tuesday.
TODAY = date(2026, 12, 1)

# Query, what remains to be searched for, the period.
DATES = """
summer 2025 | | 2025-06..2025-08
beach in the summer of 2018 | beach | 2018-06..2018-08
dogs summer 2018 | dogs | 2018-06..2018-08
winter 2018/19 skiing | skiing | 2018-12..2019-02
last weekend | | 2026-11-28..2026-11-29
hiking last weekend | hiking | 2026-11-28..2026-11-29
last summer | | 2026-06..2026-08
last year | | 2025
last year's holiday | holiday | 2025
last month | | 2026-11
last week | | 2026-11-23..2026-11-29
this year | | 2026
this month | | 2026-12
this summer at the lake | at the lake | 2026-06..2026-08
last July | | 2026-07
last Christmas | | 2025-12-24..2025-12-26
summer last year | | 2025-06..2025-08
Christmas 2019 | | 2019-12-24..2019-12-26
tree at Christmas 2019 | tree | 2019-12-24..2019-12-26
Easter 2024 | | 2024-03-29..2024-04-01
New Year's Eve 2020 | | 2020-12-31..2021-01-01
Thanksgiving 2023 | | 2023-11-23
Halloween 2021 costume | costume | 2021-10-31
July | | 2026-07
dogs in July | dogs | 2026-07
dogs in May | dogs | 2026-05
in 2019 | | 2019
dogs in 2019 | dogs | 2019
a trip to Rome in 2019 | a trip to Rome | 2019
2019 | | 2019
March 2021 | | 2021-03
Mar 2021 | | 2021-03
5 May 2020 | | 2020-05-05
May 5th, 2020 | | 2020-05-05
meeting on 5 May 2020 | meeting | 2020-05-05
2021-03-05 | | 2021-03-05
beach 2021-03 | beach | 2021-03
yesterday | | 2026-11-30
the notes from yesterday | the notes | 2026-11-30
today | | 2026-12-01
3 weeks ago | | 2026-11-09..2026-11-15
two days ago | | 2026-11-29
a year ago | | 2025
the last 3 months | | 2026-09-01..2026-12-01
past week | | 2026-11-23..2026-11-29
last Monday | | 2026-11-30
music from the 90s | music | 1990..1999
1990s | | 1990..1999
2018-2020 | | 2018..2020
garden 2018 to 2020 | garden | 2018..2020
between 2018 and 2020 | | 2018..2020
from May to July 2019 | | 2019-05..2019-07
before 2015 | | ..2014
dogs before summer 2015 | dogs | ..2015-05
after 2018 | | 2019..
since May | | 2026-05..
since 2020 | | 2020..
until 2012 | | ..2012
letzten Sommer | | 2026-06..2026-08
im letzten Sommer am Strand | am Strand | 2026-06..2026-08
Sommer 2018 | | 2018-06..2018-08
letztes Wochenende | | 2026-11-28..2026-11-29
letzte Woche | | 2026-11-23..2026-11-29
letztes Jahr | | 2025
Sommer letzten Jahres | | 2025-06..2025-08
Weihnachten 2019 | | 2019-12-24..2019-12-26
Silvester 2020 | | 2020-12-31..2021-01-01
im Juli | | 2026-07
Hund im Juli | Hund | 2026-07
März 2021 | | 2021-03
3. Mai 2020 | | 2020-05-03
05.03.2021 | | 2021-03-05
gestern | | 2026-11-30
vorgestern | | 2026-11-29
vor drei Tagen | | 2026-11-28
vor einem Jahr | | 2025
vor 2015 | | ..2014
seit Mai | | 2026-05..
von 2018 bis 2020 | | 2018..2020
Urlaub in 2019 | Urlaub | 2019
verano 2025 | | 2025-06..2025-08
playa en el verano de 2025 | playa | 2025-06..2025-08
el verano pasado | | 2026-06..2026-08
la semana pasada | | 2026-11-23..2026-11-29
el mes pasado | | 2026-11
el año pasado | | 2025
este año | | 2026
Navidad 2019 | | 2019-12-24..2019-12-26
en julio | | 2026-07
julio | | 2026-07
perros en julio | perros | 2026-07
5 de mayo de 2020 | | 2020-05-05
marzo de 2021 | | 2021-03
ayer | | 2026-11-30
hace tres días | | 2026-11-28
hace un año | | 2025
las últimas 3 semanas | | 2026-11-10..2026-12-01
antes de 2015 | | ..2014
desde mayo | | 2026-05..
de 2018 a 2020 | | 2018..2020
entre 2018 y 2020 | | 2018..2020
été 2018 | | 2018-06..2018-08
l'été dernier | | 2026-06..2026-08
plage de l'été 2018 | plage | 2018-06..2018-08
cet été | | 2026-06..2026-08
la semaine dernière | | 2026-11-23..2026-11-29
le week-end dernier | | 2026-11-28..2026-11-29
l'année dernière | | 2025
le mois dernier | | 2026-11
Noël 2019 | | 2019-12-24..2019-12-26
en juillet | | 2026-07
chien en juillet | chien | 2026-07
mars 2021 | | 2021-03
le 5 juin 2019 | | 2019-06-05
avant-hier | | 2026-11-29
il y a 3 jours | | 2026-11-28
les 3 derniers mois | | 2026-09-01..2026-12-01
avant 2015 | | ..2014
depuis mai | | 2026-05..
de 2018 à 2020 | | 2018..2020
上个月 | | 2026-11
上周末 | | 2026-11-28..2026-11-29
上周 | | 2026-11-23..2026-11-29
去年 | | 2025
今年 | | 2026
昨天 | | 2026-11-30
前天 | | 2026-11-29
去年夏天的海边 | 海边 | 2025-06..2025-08
2025年夏天 | | 2025-06..2025-08
2019年7月 | | 2019-07
2019年7月5日海边 | 海边 | 2019-07-05
2019年的狗 | 狗 | 2019
七月 | | 2026-07
七月的海边 | 海边 | 2026-07
三个月前 | | 2026-09
最近三个月 | | 2026-09-01..2026-12-01
2015年以前 | | ..2014
2018年到2020年 | | 2018..2020
圣诞节 2019 | | 2019-12-24..2019-12-26
2019年春节 | | 2019-02-04..2019-02-11
90年代的音乐 | 音乐 | 1990..1999
"""

# Query, what remains to be searched for, the filters.
KINDS = """
video of a dog | a dog | types=video
a video of a dog | a dog | types=video
videos with snow | snow | types=video
dog videos | dog | types=video
show me all videos | | types=video
photos of the sea | the sea | types=image
pictures from Venice | Venice | types=image
my photos | | types=image
beach photos | beach | types=image
a photo of two cats | two cats | types=image
recording about the invoice | the invoice | types=audio,video
voice memo about the boiler | the boiler | types=audio
PDF | | formats=pdf
invoice pdf | invoice | formats=pdf
pdf about taxes | taxes | formats=pdf
screenshot | | picture_kinds=screenshot
screenshots of the map | the map | picture_kinds=screenshot
weather screenshot | weather | picture_kinds=screenshot
documents about insurance | insurance | types=document
photos of "night train" | night train | types=image
Fotos von Hunden | Hunden | types=image
Bilder vom Strand | Strand | types=image
alle Videos | | types=video
Video von einem Hund | einem Hund | types=video
Sprachmemo über die Heizung | die Heizung | types=audio
Aufzeichnung über die Rechnung | die Rechnung | types=audio,video
Aufnahme über die Rechnung | die Rechnung | types=image,audio,video
Bildschirmfoto von der Karte | der Karte | picture_kinds=screenshot
Strand Fotos | Strand | types=image
fotos de perros | perros | types=image
vídeo de un perro | un perro | types=video
vídeos con nieve | nieve | types=video
grabación sobre la factura | la factura | types=audio,video
captura de pantalla del mapa | mapa | picture_kinds=screenshot
mis fotos | | types=image
photos de la mer | mer | types=image
photos d'un chien | un chien | types=image
vidéo de chien | chien | types=video
enregistrement sur la facture | la facture | types=audio,video
captures d'écran | | picture_kinds=screenshot
mes vidéos | | types=video
狗的照片 | 狗 | types=image
婚礼照片 | 婚礼 | types=image
雪地里的狗的视频 | 雪地里的狗 | types=video
录音 | | types=audio
我的照片 | | types=image
天气截图 | 天气 | picture_kinds=screenshot
发票 PDF | 发票 | formats=pdf
"""

# Query, what remains to be searched for, the period, the filters.
BOTH = """
photos from last summer | | 2026-06..2026-08 | types=image
photos of dogs from 2019 | dogs | 2019 | types=image
photos from July | | 2026-07 | types=image
photos 2019 | | 2019 | types=image
2019 photos | | 2019 | types=image
the photos I took last summer | | 2026-06..2026-08 | types=image
Fotos vom letzten Sommer | | 2026-06..2026-08 | types=image
fotos de 2019 | | 2019 | types=image
fotos de mayo | | 2026-05 | types=image
fotos de los años 90 | | 1990..1999 | types=image
photos de l'été dernier | | 2026-06..2026-08 | types=image
上个月的照片 | | 2026-11 | types=image
去年夏天的视频 | | 2025-06..2025-08 | types=video
"""

# What people mean as words.
NEGATIVE = """
may
march of people
people march in the street
this may be wrong
march of the penguins
summer dress
summer
winter
winter coat
spring water
spring flowers
autumn leaves
fall from a horse
christmas tree
christmas
easter eggs
sunday roast
friday night
photo frame
photo album
picture frame
video camera
video game
man watching videos
a wall with photos
film on water
mp3 player
2001 a space odyssey
blade runner 2049
1984 by orwell
windows 2000
in 2000 meters
in 2000 words
invoice 2019
tax return 2019
room 2019
dog
a dog in the snow
who called about the boiler
the last supper
last of us
this is a test
weekend
week
new year
holiday
before the storm
since you left
after work
may flowers
june bug
april's birthday
day of the dead
night train
Sommerkleid
Frühling
Herbst
Maibaum
Wochenende
nach dem Regen
vor dem Haus
seit langem
der Hund hier
Bilderrahmen
Videospiel
primavera
plaza de mayo
cinco de mayo
vestido de verano
antes de la tormenta
desde la ventana
foto enmarcada
robe d'été
hier
il a été content
mars
planète mars
avant la pluie
appareil photo
cadre photo
夏天
冬天的雪
春节
看视频
一个人看视频
相框
天
雪地里的狗
"last summer"
"photos of" dogs
-video
+2019
note: 2019
"""


def split(table):
    return [[cell.strip() for cell in line.split("|")] for line in table.strip().splitlines()]


@pytest.fixture(autouse=True)
def set_today(monkeypatch):
    monkeypatch.setattr(reading, "get_today", lambda: TODAY)


def read(text, **options):
    return read_query(Query(text=text, **options))


def describe(filters):
    set_values = {name: getattr(filters, name) for name in ("types", "formats", "picture_kinds")}
    return " ".join(f"{name}={','.join(value)}" for name, value in set_values.items() if value)


@pytest.mark.parametrize(("text", "rest", "period"), split(DATES), ids=lambda value: value)
def test_words_for_a_date_become_a_filter(text, rest, period):
    found = read(text)
    assert (found.parsed.text, found.filters.date) == (rest, period)
    assert describe(found.filters) == ""


@pytest.mark.parametrize(("text", "rest", "filters"), split(KINDS), ids=lambda value: value)
def test_words_for_a_kind_of_item_become_a_filter(text, rest, filters):
    found = read(text)
    assert (found.parsed.text, describe(found.filters), found.filters.date) == (rest, filters, None)


@pytest.mark.parametrize(("text", "rest", "period", "filters"), split(BOTH), ids=lambda value: value)
def test_a_date_and_a_kind_can_be_in_one_query(text, rest, period, filters):
    found = read(text)
    assert (found.parsed.text, found.filters.date, describe(found.filters)) == (rest, period, filters)


@pytest.mark.parametrize("text", NEGATIVE.strip().splitlines())
def test_words_of_content_are_searched_for(text):
    assert read(text).recognized == ()


def test_recognized_words_have_their_place_in_the_text():
    found = read('"big" dog  in 2019')
    [date_words] = found.recognized
    assert (date_words.kind, date_words.text, date_words.filters) == (IntentKind.DATE, "in 2019", {"date": "2019"})
    assert '"big" dog  in 2019'[date_words.start : date_words.end] == "in 2019"


def test_filters_that_are_set_win():
    assert read("dogs last summer after:2024").recognized[0].kind is IntentKind.FILTER
    assert read("dogs last summer", filters=Filters(before="2024")).parsed.text == "dogs last summer"
    assert read("video of a dog", filters=Filters(types=("image",))).filters == Filters(types=("image",))
    assert read("video of a dog last year", filters=Filters(types=("image",))).filters.date == "2025"


def test_single_words_or_all_can_be_searched_for_as_words():
    found = read("photos of dogs last summer", literal=("Last  Summer",))
    assert (found.parsed.text, found.filters.date, describe(found.filters)) == ("dogs last summer", None, "types=image")
    found = read("photos of dogs last summer", literal=("photos of",))
    assert (found.parsed.text, describe(found.filters)) == ("photos of dogs", "")
    assert read("photos of dogs last summer", recognize=False).recognized == ()


def test_two_dates_are_words():
    assert read("summer 2018 or summer 2019").recognized == ()


def test_filters_of_the_query_language_are_listed():
    [one] = read("dog in:Holidays").recognized
    assert (one.kind, one.text, dict(one.filters)) == (IntentKind.FILTER, "in:Holidays", {"path": "Holidays"})


def test_a_long_text_is_not_read():
    assert read("word " * 100 + "last summer").recognized == ()


def test_a_question_of_whole_sentences_names_no_date():
    text = (
        "The standard method of finding information in today's libraries is through the use of the alphabetically "
        "arranged card catalog or the classified catalog. Can these systems be modified for automated retrieval?"
    )
    assert read_query(Query(text=text)).recognized == ()
    assert [one.text for one in read_query(Query(text="libraries today")).recognized] == ["today"]
